// Around every test: evidence of a failure is kept, and no app and no hub outlives its test.
import { existsSync, rmSync } from 'node:fs';
import { appPath } from '../../scripts/build-env.mjs';
import { artifacts, openApps } from './app.mjs';
import { openHubs } from './hub.mjs';

export const mochaHooks = {
  beforeAll() {
    rmSync(artifacts, { recursive: true, force: true });
    const application = process.env.PADDOCK_APP ?? appPath();
    if (!existsSync(application))
      throw new Error(`There is no app at ${application}. Run npm test, which builds it.`);
  },

  async afterEach() {
    const failed = this.currentTest.state === 'failed';
    for (const app of openApps()) {
      if (failed) console.log(`      kept: ${await app.keepEvidence(this.currentTest.title)}.*`);
      await app.close();
      if (!failed) app.forget();
    }
    for (const hub of openHubs()) await hub.close();
  },
};
