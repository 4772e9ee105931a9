// Starts what makes the pages quicker. Each page works without it.
import "./swap.js";
import "./controls.js";
import "./scan.js";
import "./keys.js";
import "./live.js";
import "./place-picker.js";
import "./sheet.js";
import "./places.js";
import "./palette.js";
import "./entry.js";
