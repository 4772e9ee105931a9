// The pages. `path` gets the ids of the workshop; `heading` is the text of the h1.
export const PAGES = [
  { name: "overview", path: () => "/", heading: "Overview" },
  { name: "parts", path: () => "/parts", heading: /^Parts/ },
  { name: "parts with a drawer", path: (ids) => `/parts?part=${ids["AR-10K"]}`, heading: /^Parts/ },
  { name: "parts, nothing found", path: () => "/parts?q=xyzzy", heading: /^Parts/ },
  { name: "part", path: (ids) => `/parts/${ids["RC0603FR-0710KL"]}`, heading: "10 kΩ 1 % 0603 thick-film resistor" },
  { name: "part, changes", path: (ids) => `/parts/${ids["D".repeat(80)]}?tab=changes`, heading: /^Donau/ },
  { name: "part, datasheets", path: (ids) => `/parts/${ids["<script>alert(1)</script>"]}?tab=datasheets`, heading: "<b>Bold</b> & \"quoted\"" },
  { name: "new part", path: () => "/parts/new", heading: "New part" },
  { name: "edit part", path: (ids) => `/parts/${ids["DIN 7984 M4×16"]}/edit`, heading: /^Edit Zylinder/ },
  { name: "more", path: () => "/more", heading: "More" },
  { name: "delete part", path: (ids) => `/parts/${ids["XHP-4"]}/delete`, heading: /JST-XH/ },
  { name: "import", path: () => "/parts/import", heading: "Import parts from CSV" },
  { name: "labels", path: (ids) => `/labels?part=${ids["AR-10K"]}&id=${ids["D".repeat(80)]}`, heading: "Print labels" },
  { name: "scan", path: () => "/scan", heading: "Scan" },
  { name: "scan, found", path: () => "/scan?code=ATMEGA328P-AU", heading: "Scan" },
  { name: "activity", path: () => "/activity", heading: /^Activity/ },
];
