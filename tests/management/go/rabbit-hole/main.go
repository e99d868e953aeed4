// Calls rabbit-hole, the Go client of the management API, and looks at what it decodes. Its structs
// have types for all fields: a number where it wants a string is an error of the call.
package main

import "lepus/management/cases"

func main() {
	table := map[string]func(*cases.Broker){}
	names := []string{}
	for _, group := range [][]entry{nodeCases, trafficCases, objectCases, accessCases, policyCases,
		definitionCases} {
		for _, one := range group {
			table[one.name] = one.run
			names = append(names, one.name)
		}
	}
	cases.Run(names, table)
}

type entry struct {
	name string
	run  func(*cases.Broker)
}
