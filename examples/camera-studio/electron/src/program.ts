/** Where the studio's binary lies, of which camera workers are processes. */
import { join } from 'node:path';
import { outsideOfAsar } from '@portcullis/node';

/**
 * The binary beside main's bundle, in `folder`. A packaged application keeps it outside of `app.asar`, from which nothing can be started:
 * Rust starts it, and does not see what Electron makes of such paths for Node.
 */
export function studioProgram(folder: string, platform: string = process.platform): string {
  return outsideOfAsar(join(folder, platform === 'win32' ? 'camera-studio.exe' : 'camera-studio'));
}
