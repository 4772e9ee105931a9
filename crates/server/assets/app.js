// Starts what makes the pages quicker. Each page works without it.
import "./swap.js";
import "./controls.js";
import "./scan.js";
import "./keys.js";
import "./palette.js";
import "./entry.js";
