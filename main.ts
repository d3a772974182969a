import { App, FaultsError, withoutCreationStacks } from './constructs/core';
import { synthesise } from './constructs/recovery/synthesise';
import { selectEnvironments } from './environments';
import { declareEnvironment } from './stacks';

const app = new App();
withoutCreationStacks(() => {
  for (const environment of selectEnvironments(process.env['ENVIRONMENT']))
    declareEnvironment(app, environment);
});

try {
  synthesise(app);
} catch (error) {
  if (!(error instanceof FaultsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
