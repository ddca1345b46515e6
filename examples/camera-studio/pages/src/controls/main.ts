/** The controls window: cameras, settings, and what goes to and comes from the other windows. @module */

import { connect } from "../connect";
import { startShell } from "../shared/shell";
import { startCameras } from "./cameras";
import { startExchange } from "./exchange";
import { startSettings } from "./settings";
import { startWindows } from "./windows";

const api = connect("controls");
startShell(api, "controls");
startCameras(api);
startWindows(api);
startSettings(api);
startExchange(api);
