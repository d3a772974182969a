// Writes the objects of a Helm chart to standard output, as YAML: what `helm template` does, without the rest of Helm,
// which takes longer to build than all of cert-manager.
//
//	chart DIRECTORY NAME NAMESPACE KUBERNETES-VERSION <values.yaml
package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"path"
	"sort"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 5 {
		log.Fatal("chart DIRECTORY NAME NAMESPACE KUBERNETES-VERSION <values.yaml")
	}
	if err := write(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		log.Fatal(err)
	}
}

func write(directory, name, namespace, version string) error {
	chart, err := loader.Load(directory)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	given, err := chartutil.ReadValues(text)
	if err != nil {
		return err
	}
	kubernetes, err := chartutil.ParseKubeVersion(version)
	if err != nil {
		return err
	}
	capabilities := chartutil.DefaultCapabilities.Copy()
	capabilities.KubeVersion = *kubernetes
	release := chartutil.ReleaseOptions{Name: name, Namespace: namespace, Revision: 1, IsInstall: true}
	values, err := chartutil.ToRenderValues(chart, given, release, capabilities)
	if err != nil {
		return err
	}
	files, err := engine.Render(chart, values)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(files))
	for file := range files {
		if path.Ext(file) == ".yaml" {
			names = append(names, file)
		}
	}
	sort.Strings(names)
	for _, file := range names {
		fmt.Printf("---\n%s\n", files[file])
	}
	return nil
}
