export * from './check';
export type { CertificateAuthority, EndpointTarget, SecretTarget, StartTls } from './targets';
