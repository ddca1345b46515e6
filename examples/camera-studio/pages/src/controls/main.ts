/** The controls window: cameras, settings, and what goes to and comes from the other windows. @module */

import { connect } from "../connect";
import { startShell } from "../shared/shell";
import { startCameras } from "./cameras";
import { startExchange } from "./exchange";
import { startSettings } from "./settings";

const api = connect("controls");
startShell(api, "controls");
startCameras(api);
startSettings(api);
startExchange(api);
