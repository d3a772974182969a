import { IngressClassV1 } from '@cdktf/provider-kubernetes/lib/ingress-class-v1';
import { IngressV1 } from '@cdktf/provider-kubernetes/lib/ingress-v1';
import { NetworkPolicyV1 } from '@cdktf/provider-kubernetes/lib/network-policy-v1';
import { ServiceV1 } from '@cdktf/provider-kubernetes/lib/service-v1';
import { parse } from 'yaml';
import { objectOf } from './kits';

test('a service', () => {
  expect(
    objectOf((stack) => {
      new ServiceV1(stack, 'x', {
        metadata: { name: 'db', namespace: 'shop' },
        waitForLoadBalancer: false,
        spec: {
          type: 'ClusterIP',
          clusterIp: 'None',
          clusterIps: ['None'],
          externalIps: ['192.0.2.1'],
          publishNotReadyAddresses: true,
          selector: { app: 'db' },
          port: [
            { name: 'sql', port: 5432, targetPort: '5432' },
            { name: 'metrics', port: 9187, targetPort: 'metrics', protocol: 'TCP' },
          ],
          sessionAffinityConfig: { clientIp: { timeoutSeconds: 60 } },
        },
      });
    }),
  ).toEqual(
    parse(`
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec:
  type: ClusterIP
  clusterIP: None
  clusterIPs: [None]
  externalIPs: [192.0.2.1]
  publishNotReadyAddresses: true
  selector: {app: db}
  ports:
    - {name: sql, port: 5432, targetPort: 5432}
    - {name: metrics, port: 9187, targetPort: metrics, protocol: TCP}
  sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}
`),
  );
});

test('what only a load balancer may have is left out of other services, as the provider does', () => {
  expect(
    objectOf((stack) => {
      new ServiceV1(stack, 'x', {
        metadata: { name: 'db', namespace: 'shop' },
        spec: { allocateLoadBalancerNodePorts: true, loadBalancerClass: 'x', port: [{ port: 1 }] },
      });
    }),
  ).toEqual(
    parse(`
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {ports: [{port: 1}]}
`),
  );
});

test('an ingress', () => {
  expect(
    objectOf((stack) => {
      new IngressV1(stack, 'x', {
        metadata: { name: 'web', namespace: 'shop' },
        waitForLoadBalancer: true,
        spec: {
          ingressClassName: 'nginx',
          defaultBackend: { service: { name: 'd', port: { name: 'http' } } },
          rule: [
            {
              host: 'shop.example.com',
              http: {
                path: [
                  { path: '/', backend: { service: { name: 'web', port: { number: 80 } } } },
                  {
                    path: '/files',
                    pathType: 'Prefix',
                    backend: { resource: { apiGroup: 'x.example.com', kind: 'Bucket', name: 'b' } },
                  },
                ],
              },
            },
          ],
          tls: [{ hosts: ['shop.example.com'], secretName: 'tls' }],
        },
      });
    }),
  ).toEqual(
    parse(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  ingressClassName: nginx
  defaultBackend: {service: {name: d, port: {name: http}}}
  rules:
    - host: shop.example.com
      http:
        paths:
          - {path: /, backend: {service: {name: web, port: {number: 80}}}, pathType: ImplementationSpecific}
          - path: /files
            pathType: Prefix
            backend: {resource: {apiGroup: x.example.com, kind: Bucket, name: b}}
  tls: [{hosts: [shop.example.com], secretName: tls}]
`),
  );
});

test('an ingress class', () => {
  expect(
    objectOf((stack) => {
      new IngressClassV1(stack, 'x', {
        metadata: { name: 'nginx' },
        spec: { controller: 'k8s.io/ingress-nginx', parameters: [{ kind: 'P', name: 'p', apiGroup: 'g' }] },
      });
    }),
  ).toEqual(
    parse(`
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx, parameters: {kind: P, name: p, apiGroup: g}}
`),
  );
});

test('a network policy, in which an empty block means everything and a missing one nothing', () => {
  expect(
    objectOf((stack) => {
      new NetworkPolicyV1(stack, 'x', {
        metadata: { name: 'db', namespace: 'shop' },
        spec: {
          podSelector: {},
          policyTypes: ['Ingress', 'Egress'],
          ingress: [
            {},
            {
              from: [
                { namespaceSelector: {} },
                { podSelector: { matchLabels: { a: 'b' } } },
                { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } },
              ],
              ports: [
                { port: '5432', protocol: 'TCP' },
                { port: '8000', endPort: 9000 },
                { port: 'dns', protocol: 'UDP' },
              ],
            },
          ],
          egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }],
        },
      });
    }),
  ).toEqual(
    parse(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress:
    - {}
    - from:
        - namespaceSelector: {}
        - podSelector: {matchLabels: {a: b}}
        - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}
      ports:
        - {port: 5432, protocol: TCP}
        - {port: 8000, endPort: 9000}
        - {port: dns, protocol: UDP}
  egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]
`),
  );
});
