// CoreDNS with the plugins a cluster needs and no others: the full program
// links a dozen cloud SDKs that this one never calls.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/hosts"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/metrics"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/template"
)

// The order in which a query passes through them: CoreDNS' own plugin.cfg.
func init() {
	dnsserver.Directives = []string{
		"health", "ready", "prometheus", "errors", "cache", "template", "hosts", "kubernetes",
	}
}

func main() { coremain.Run() }
