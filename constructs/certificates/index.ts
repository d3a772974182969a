export * from './cert-manager-alerts';
export { Certificate, type CertificateProps, type CertificateUsage } from './certificate';
export * from './check';
export * from './issuer';
export type {
  AcmeIssuance,
  AcmeSolver,
  CaIssuance,
  Dns01,
  Http01,
  Issuance,
  VaultIssuance,
} from './issuer-spec';
export type { CertificateAuthority, EndpointTarget, SecretTarget, ServedBy, StartTls } from './targets';
