// macOS: Apple's command line tools and CMake.
import { PlainError, ask, run, which } from '../process.mjs';

export async function installSystemPackages(env) {
  if (ask('xcode-select', ['-p']) === null) {
    throw new PlainError(
      'Apple\'s command line tools are missing. Run "xcode-select --install", wait until it has finished, then run the same command again.',
    );
  }
  if (which('cmake', env)) return;
  if (!which('brew', env)) {
    throw new PlainError(
      'CMake is missing. Install Homebrew from https://brew.sh and run "brew install cmake", or install it in any other way.',
    );
  }
  if ((await run('brew', ['install', 'cmake'], { env })).code !== 0) {
    throw new PlainError('"brew install cmake" did not work; it says why above.');
  }
}
