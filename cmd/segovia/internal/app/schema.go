package app

import (
	"strings"

	"github.com/spf13/cobra"

	"segovia/cmd/segovia/internal/config"
	"segovia/cmd/segovia/internal/schemas"
)

// schemaNames are the artifacts with a schema, and the configuration.
var schemaNames = append([]string{"config"}, schemas.Names...)

func newSchemaCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "schema [NAME]",
		Short: "Schema, as JSON, of an artifact or of the configuration",
		Long: `Prints the JSON Schema (draft 2020-12) of an artifact; without a name it lists them. Editors use that of config: save it and name it in the first line of segovia.yaml,

  # yaml-language-server: $schema=segovia.schema.json

which is what segovia init does.`,
		Example:   "segovia schema config > segovia.schema.json\nsegovia schema",
		ValidArgs: schemaNames,
		Args:      takes(0, 1, "one name"),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				if e.flags.json {
					return e.writeJSON(schemaNames)
				}
				e.printf("%s\n", strings.Join(schemaNames, "\n"))
				return nil
			}
			doc, err := schemaOf(args[0])
			if err != nil {
				return err
			}
			e.printf("%s\n", strings.TrimSpace(string(doc)))
			return nil
		},
	}
}

// schemaOf returns the schema of an artifact by its name, with or without .json.
func schemaOf(name string) ([]byte, error) {
	name = strings.TrimSuffix(name, ".json")
	if name == "config" {
		return config.Schema(), nil
	}
	doc, ok := schemas.Get(name)
	if !ok {
		return nil, usagef("there is no schema %q; there are %s", name, strings.Join(schemaNames, ", "))
	}
	return doc, nil
}
