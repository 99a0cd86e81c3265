package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
)

const board = "../dashboards/llmtrace-overview.json"

func TestMain(m *testing.M) {
	plugins.RegisterDefaultPlugins()
	os.Exit(m.Run())
}

func TestTheShippedOneIsAsTheSchemaHasIt(t *testing.T) {
	panels, problems := lint(board)
	if len(problems) > 0 || panels < 10 {
		t.Fatalf("%d panels, %v", panels, problems)
	}
}

func TestWhatIsWrongIsFound(t *testing.T) {
	for name, change := range map[string][2]string{
		"a field that no dashboard has": {`"timezone":`, `"timezoen":`},
		"a field of another type":       {`"refresh": "30s"`, `"refresh": 30`},
		"a field that no panel has":     {`"fieldConfig":`, `"fieldConfigs":`},
		"an option that no plugin has":  {`"showValue":`, `"showValues":`},
		"a missing field":               {`"schemaVersion": 39,`, ``},
		"a field that no query has":     {`"legendFormat":`, `"legend":`},
		"a unit that Grafana lacks":     {`"unit": "reqps"`, `"unit": "requests"`},
		"an id for two panels":          {`"id": 3,`, `"id": 2,`},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(board)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(raw), change[0]) {
				t.Fatalf("%s has no %s", board, change[0])
			}
			file := filepath.Join(t.TempDir(), "board.json")
			wrong := strings.ReplaceAll(string(raw), change[0], change[1])
			if err := os.WriteFile(file, []byte(wrong), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, problems := lint(file); len(problems) == 0 {
				t.Error("nobody minds")
			} else {
				t.Log(problems[0])
			}
		})
	}
}
