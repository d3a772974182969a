/** Terraform's resources of the Helm provider, each loaded when one is first declared. */
export const helm = {
  get Release() {
    return (require('@cdktf/provider-helm/lib/release') as typeof import('@cdktf/provider-helm/lib/release'))
      .Release;
  },
};
