// A platform by this library, with everything that it writes: `node ours.js <databases> <output directory>`
import { kubernetes } from '../../constructs/bindings/kubernetes';
import { packages } from '../../constructs/bindings/packages';
import { App, withoutCreationStacks } from '../../constructs/core';
import { synthesise } from '../../constructs/recovery/synthesise';
import { declareEnvironment } from '../../stacks';
import { measured } from './measured';
import { platformOf } from './platform';

const [databases, outdir] = process.argv.slice(2) as [string, string];
const environment = platformOf(Number(databases));

// Loading them is no part of the comparison: both sides need the same.
for (const lazily of [kubernetes, packages]) Object.values(lazily);

measured(() => {
  const app = new App({ outdir });
  withoutCreationStacks(() => declareEnvironment(app, environment));
  synthesise(app);
});
