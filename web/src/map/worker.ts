// The map's worker as a file of our own origin.
import "maplibre-gl/dist/maplibre-gl-worker.mjs";
