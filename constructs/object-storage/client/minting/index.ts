export { type Grant, type Minter, openMinter } from './minter';
export { probeMinting } from './probe';
