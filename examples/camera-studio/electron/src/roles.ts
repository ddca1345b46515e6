/** Who may do what: one role for each kind of process and window, as in the studio's own main. What is not granted here is denied. */
import type { RoleConfig } from '@portcullis/node';

/** What every window sees. */
const SEEN = ['studio.cameras.*', 'studio.settings.settings', 'studio.notices.notice'];

export const ROLES: readonly RoleConfig[] = [
  // JavaScript in main: the built-in interfaces.
  { name: 'main', serve: ['portcullis.windows', 'portcullis.application'] },
  // The services in Rust, where they ask a camera worker.
  { name: 'services', call: ['studio.worker.*'] },
  { name: 'camera', serve: ['studio.worker'], publish: ['studio.live.frame'] },
  { name: 'light', subscribe: ['studio.live.frame'], publish: ['studio.measurements.measured'] },
  {
    name: 'viewer',
    serve: ['studio.snapshots'],
    subscribe: [...SEEN, 'studio.live.frame', 'studio.measurements.measured', 'studio.reports.reported'],
    call: ['studio.reports.report'],
  },
  {
    name: 'controls',
    subscribe: [...SEEN, 'portcullis.windows.*'],
    call: [
      'studio.cameras.*',
      'studio.settings.update',
      'studio.notices.announce',
      'studio.snapshots.take',
      'portcullis.windows.*',
      'portcullis.application.quit',
    ],
  },
  { name: 'log', subscribe: [...SEEN, 'studio.log.recorded'], call: ['studio.log.history'] },
];
