// A workshop with a few parts of all kinds: long names, other scripts, low and empty stock.

const PARTS = [
  ["10 kΩ 1 % 0603 thick-film resistor", "RC0603FR-0710KL", 4850, "A1", "Resistors"],
  ["100 nF 50 V X7R 0603", "CL10B104KB8NNNC", 3920, "A2", "Capacitors"],
  ["ATmega328P, 8-bit AVR, TQFP-32", "ATMEGA328P-AU", 12, "A3", "Chips", 10],
  ["ESP32-WROOM-32E, Wi-Fi and BLE module", "ESP32-WROOM-32E-N8", 3, "A4", "Chips", 5],
  ["Socket head screw M3×8, stainless A2", "DIN 912 M3×8", 640, "B1", "Fasteners"],
  ["JST-XH housing, 4 pins, 2.5 mm", "XHP-4", 0, "B2", "Connectors", 20],
  ["Zylinderschraube mit Innensechskant und niedrigem Kopf, verzinkt, M4×16 nach DIN 7984", "DIN 7984 M4×16", 412, "B3", "Fasteners"],
  ["Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsschraube", "D".repeat(80), 7, "B4", "Fasteners"],
  ["مقاومة كربونية 10 كيلو أوم", "AR-10K", 25, "B1", "Resistors"],
  ["抵抗アレイ 4 × 10 kΩ 0603×4", "EXB-38V103JV", 60, "B2", "Resistors"],
  ["<b>Bold</b> & \"quoted\"", "<script>alert(1)</script>", 1, "B3", "Connectors"],
];

/** Fills an inventory with the parts above and `more` plain ones, and returns the ids by name. */
export async function fill(api, more = 0) {
  const created = async (path, body) => (await api.post(path, body)).id;
  const ids = {};
  ids.workshop = await created("/locations", { name: "Workshop" });
  ids.cabinet = await created("/locations", { name: "Cabinet with a rather long name that has to be cut somewhere", parent_id: ids.workshop });
  for (const drawer of ["A", "B"]) {
    const parent = await created("/locations", { name: `Drawer ${drawer}`, parent_id: ids.cabinet });
    for (let slot = 1; slot <= 4; slot++) ids[`${drawer}${slot}`] = await created("/locations", { name: `${drawer}${slot}`, parent_id: parent });
  }
  ids.box = await created("/locations", { name: "Box of slots", parent_id: ids.workshop, slot_count: 12, slot_layout_type: "grid", grid_rows: 3, grid_columns: 4 });
  for (const name of ["Resistors", "Capacitors", "Chips", "Fasteners", "Connectors"]) ids[name] = await created("/categories", { name });
  ids.smd = await created("/tags", { name: "smd" });
  for (const [name, number, quantity, place, category, limit] of PARTS) {
    const part = await created("/parts", {
      name, number, category_ids: [ids[category]], tag_ids: [ids.smd], manufacturer: "Yageo", supplier: "LCSC",
      properties: { Package: "0603", Tolerance: "1 %" }, description: `About ${name}.`,
    });
    ids[number] = part;
    const stock = (what, count, reason) => api.post(`/parts/${part}/stock/${what}`, { location_id: ids[place], quantity: count, reason });
    await stock("add", quantity + 3, "Order 2204");
    await stock("take", 3, "Repair");
    if (limit) await api.put(`/parts/${part}/low-stock-limit`, { quantity: limit });
  }
  for (let index = 0; index < more; index++) {
    const padded = String(index).padStart(3, "0");
    const part = await created("/parts", { name: `Washer ${padded}`, number: `WA-${padded}` });
    if (index % 3) await api.post(`/parts/${part}/stock/add`, { location_id: ids.A1, quantity: index });
  }
  return ids;
}
