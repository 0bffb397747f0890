// A display and a session bus for tests that open the window.
import { spawn } from 'node:child_process';
import { isLinux } from '../process.mjs';

/**
 * Calls body with an environment in which windows can be opened. On Linux that is an X server and a session bus of
 * its own, so that tests neither need a screen nor disturb the person before it; `headed: true` shows the windows on
 * the screen instead.
 */
export async function withDisplay(env, { headed = false }, body) {
  if (!isLinux) return body(env);
  const bus = await startServer('dbus-daemon', ['--session', '--nofork', '--print-address=3'], env);
  const windowEnv = { ...env, DBUS_SESSION_BUS_ADDRESS: bus.said, NO_AT_BRIDGE: '1' };
  let screen;
  try {
    if (!headed) {
      const args = ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'];
      screen = await startServer('Xvfb', args, env);
      windowEnv.DISPLAY = `:${screen.said}`;
      // On a Wayland desktop GTK would otherwise open its windows there.
      windowEnv.GDK_BACKEND = 'x11';
      delete windowEnv.WAYLAND_DISPLAY;
    }
    return await body(windowEnv);
  } finally {
    screen?.process.kill();
    bus.process.kill();
  }
}

/** Starts a server that says on descriptor 3 where it can be reached, once it can. */
function startServer(command, args, env) {
  return new Promise((resolve, reject) => {
    const server = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
    let errors = '';
    let said = '';
    server.stderr.on('data', (chunk) => (errors += chunk));
    server.stdio[3].on('data', (chunk) => {
      said += chunk;
      if (said.includes('\n')) resolve({ process: server, said: said.trim() });
    });
    server.on('error', reject);
    server.on('exit', (code) =>
      reject(new Error(`${command} ended with ${code} before it was ready.\n${errors}`)),
    );
  });
}
