// A display and a session bus for tests that open the window.
import { spawn } from 'node:child_process';
import { isLinux, which } from '../process.mjs';

/**
 * Calls body with the environment and the words to put before a command so that it can open windows.
 * On Linux that is an X server of its own, so that tests neither need a screen nor disturb the person before it;
 * `headed: true` shows them on the screen instead.
 */
export async function withDisplay(env, { headed = false }, body) {
  if (!isLinux) return body(env, []);
  const bus = which('dbus-run-session', env) ? ['dbus-run-session', '--'] : [];
  if (headed) return body(env, bus);
  const server = await startXvfb(env);
  // On a Wayland desktop GTK would otherwise open its windows there.
  const windowEnv = { ...env, DISPLAY: server.display, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1' };
  delete windowEnv.WAYLAND_DISPLAY;
  try {
    return await body(windowEnv, bus);
  } finally {
    server.process.kill();
  }
}

/** Starts Xvfb on a display number it finds free by itself; it says which on descriptor 3. */
function startXvfb(env) {
  return new Promise((resolve, reject) => {
    const args = ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'];
    const server = spawn('Xvfb', args, { env, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
    let errors = '';
    let number = '';
    server.stderr.on('data', (chunk) => (errors += chunk));
    server.stdio[3].on('data', (chunk) => {
      number += chunk;
      if (number.includes('\n')) resolve({ process: server, display: `:${number.trim()}` });
    });
    server.on('error', reject);
    server.on('exit', (code) =>
      reject(new Error(`Xvfb ended with ${code} before it was ready.\n${errors}`)),
    );
  });
}
