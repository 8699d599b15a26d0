// Checks what docker/ describes to Kubernetes and Compose, by their own code and without a cluster or a daemon:
//
//	deployment kubernetes FOLDER...   builds each Kustomize folder, decodes every object strictly, prints them as YAML
//	deployment compose FILE PROFILE   loads the file by Compose's schema and rules, prints its services
package main

import (
	"context"
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) >= 2 && args[0] == "kubernetes" {
		for _, folder := range args[1:] {
			if err := kubernetes(folder); err != nil {
				return fmt.Errorf("%s: %w", folder, err)
			}
		}
		return nil
	}
	if len(args) == 3 && args[0] == "compose" {
		return compose(args[1], args[2])
	}
	return fmt.Errorf("usage: deployment kubernetes FOLDER... | deployment compose FILE PROFILE")
}

func kubernetes(folder string) error {
	options := krusty.MakeDefaultOptions()
	built, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return err
	}
	strict := json.NewSerializerWithOptions(
		json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, json.SerializerOptions{Yaml: true, Strict: true},
	)
	for _, object := range built.Resources() {
		text, err := object.AsYAML()
		if err != nil {
			return err
		}
		if _, _, err := strict.Decode(text, nil, nil); err != nil && !runtime.IsMissingKind(err) {
			return fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err)
		}
		fmt.Printf("---\n%s", text)
	}
	return nil
}

func compose(file, profile string) error {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithProfiles(strings.Split(profile, ",")))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	names := project.ServiceNames()
	sort.Strings(names)
	fmt.Println(strings.Join(names, "\n"))
	return nil
}
