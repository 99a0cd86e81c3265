// Command lint reads dashboards by Grafana's own schema, as Grafana Labs publish it for Go
// (grafana-foundation-sdk): a field that is unknown, missing or of a wrong type, an option that
// the panel's plugin does not have, or a unit that Grafana does not know is an error.
//
//	go run . ../dashboards/*.json
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

// known has the units that dashboards here use, by Grafana's constants for them.
var known = map[string]bool{
	units.Short:             true,
	units.RequestsPerSecond: true,
	units.CountsPerSecond:   true,
	units.CountsPerMinute:   true,
	units.Seconds:           true,
	units.PercentUnit:       true,
	units.Dollars:           true,
	units.BytesIEC:          true,
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: lint DASHBOARD.json…")
		os.Exit(2)
	}
	plugins.RegisterDefaultPlugins()
	failed := false
	for _, file := range os.Args[1:] {
		panels, problems := lint(file)
		for _, problem := range problems {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, problem)
			failed = true
		}
		if len(problems) == 0 {
			fmt.Printf("%s: %d panels, as the schema has them\n", file, panels)
		}
	}
	if failed {
		os.Exit(1)
	}
}

// wrong says whether there is an error: the SDK returns an empty list of them where there is none.
func wrong(err error) bool {
	var list cog.BuildErrors
	if errors.As(err, &list) {
		return len(list) > 0
	}
	return err != nil
}

// lint returns the number of panels of a dashboard and what is wrong with it.
func lint(file string) (int, []error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return 0, []error{err}
	}
	// Read strictly for what is wrong, and again: the strict reader keeps no panels.
	if err := dashboard.NewDashboard().UnmarshalJSONStrict(raw); wrong(err) {
		return 0, []error{err}
	}
	board := dashboard.NewDashboard()
	if err := json.Unmarshal(raw, board); err != nil {
		return 0, []error{err}
	}
	var problems []error
	if err := board.Validate(); wrong(err) {
		problems = append(problems, err)
	}
	panels := 0
	ids := map[uint32]string{}
	for _, each := range board.Panels {
		if each.Panel == nil {
			continue
		}
		panels++
		title := *each.Panel.Title
		if other, taken := ids[*each.Panel.Id]; taken {
			problems = append(problems, fmt.Errorf("panels %q and %q have one id", other, title))
		}
		ids[*each.Panel.Id] = title
		unit := each.Panel.FieldConfig.Defaults.Unit
		if unit == nil || !known[*unit] {
			problems = append(problems, fmt.Errorf("panel %q has no unit that is known here", title))
		}
	}
	if panels == 0 {
		problems = append(problems, fmt.Errorf("no panels"))
	}
	return panels, problems
}
