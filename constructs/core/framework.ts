import './late-archiver';

/**
 * The one door to the framework. Nothing else imports `cdktf`, so that moving
 * to another release of it, or to its community fork, changes this file alone.
 */
export {
  App,
  Aspects,
  type IAspect,
  type IResolvable,
  LocalBackend,
  S3Backend,
  TerraformElement,
  TerraformOutput,
  TerraformProvider,
  TerraformResource,
  TerraformStack,
  TerraformVariable,
  Testing,
  Token,
  Tokenization,
} from 'cdktf';
export { Construct, Dependable, type IConstruct } from 'constructs';
