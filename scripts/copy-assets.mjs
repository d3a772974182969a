// Files that constructs read at synthesis and the compiler leaves behind: pod scripts, the kit's, generated tables.
import { cpSync } from 'node:fs';

cpSync('constructs', 'dist/constructs', {
  recursive: true,
  filter: (source) => !source.endsWith('.ts'),
});
