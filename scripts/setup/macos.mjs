// macOS: Apple's command line tools, CMake and Ninja.
import { PlainError, ask, run, which } from '../process.mjs';

export async function installSystemPackages(env) {
  if (ask('xcode-select', ['-p']) === null) {
    throw new PlainError(
      'Apple\'s command line tools are missing. Run "xcode-select --install", wait until it has finished, then run the same command again.',
    );
  }
  const missing = ['cmake', 'ninja'].filter((name) => !which(name, env));
  if (missing.length === 0) return;
  const byHand = `brew install ${missing.join(' ')}`;
  if (!which('brew', env)) {
    throw new PlainError(
      `${missing.join(' and ')} are missing. Install Homebrew from https://brew.sh and run "${byHand}", or install them in any other way.`,
    );
  }
  if ((await run('brew', ['install', ...missing], { env })).code !== 0) {
    throw new PlainError(`"${byHand}" did not work; it says why above.`);
  }
}
