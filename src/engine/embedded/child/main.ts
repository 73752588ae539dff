/**
 * The program of an embedded engine. Run with `--build-snapshot` it loads Amber into a V8 startup snapshot; started
 * from that snapshot, or plainly, it serves.
 */
import { startupSnapshot } from 'node:v8';
import { Image } from './image.js';
import { serve } from './server.js';

Image.load().then((image) => {
  if (startupSnapshot.isBuildingSnapshot()) startupSnapshot.setDeserializeMainFunction(() => serve(image));
  else serve(image);
});
