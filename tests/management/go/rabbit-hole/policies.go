// Policies and parameters, and what belongs to shovels and federation.

package main

import (
	"net/http"

	"lepus/management/cases"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
)

var policyCases = []entry{
	{"policies", policies}, {"operator_policies", operatorPolicies},
	{"global_parameters", globalParameters}, {"runtime_parameters", runtimeParameters},
	{"shovels", shovels}, {"federation", federation},
}

func policies(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		policy := rabbithole.Policy{Vhost: vhost, Name: "p", Pattern: "^a", ApplyTo: "queues",
			Priority: 3, Definition: rabbithole.PolicyDefinition{"max-length": 10.,
				"dead-letter-exchange": "amq.fanout"}}
		status(cases.Got(broker.PutPolicy(vhost, "p", policy)), 201, "a new policy")
		policy.Priority = 4
		status(cases.Got(broker.PutPolicy(vhost, "p", policy)), 204, "a changed one")
		cases.Equal(*cases.Got(broker.GetPolicy(vhost, "p")), policy, "the policy")
		cases.Equal(cases.Got(broker.ListPoliciesIn(vhost)), []rabbithole.Policy{policy}, "in it")
		cases.Find(cases.Got(broker.ListPolicies()),
			func(one rabbithole.Policy) bool { return one.Vhost == vhost }, "among all")
		cases.Equal(len(cases.Got(broker.ListMatchingPolicies(vhost, "abc",
			rabbithole.PolicyTargetQueues))), 1, "that match")
		cases.Got(broker.DeclareQueue(vhost, "abc", rabbithole.QueueSettings{}))
		cases.Within(func() bool {
			return cases.Got(broker.GetQueue(vhost, "abc")).Policy == "p"
		}, "it is shown on a queue")
		wrong := policy
		wrong.Definition = rabbithole.PolicyDefinition{"max-length": "many"}
		_, err := broker.PutPolicy(vhost, "wrong", wrong)
		cases.Refused(err, http.StatusBadRequest, "a wrong value")
		status(cases.Got(broker.DeletePolicy(vhost, "p")), 204, "delete")
		_, err = broker.GetPolicy(vhost, "p")
		cases.Refused(err, http.StatusNotFound, "after that")
	})
}

func operatorPolicies(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		policy := rabbithole.OperatorPolicy{Vhost: vhost, Name: "p", Pattern: ".*",
			ApplyTo: "queues", Priority: 1,
			Definition: rabbithole.PolicyDefinition{"expires": 600000.}}
		status(cases.Got(broker.PutOperatorPolicy(vhost, "p", policy)), 201, "a new policy")
		cases.Equal(*cases.Got(broker.GetOperatorPolicy(vhost, "p")), policy, "the policy")
		cases.Equal(cases.Got(broker.ListOperatorPoliciesIn(vhost)),
			[]rabbithole.OperatorPolicy{policy}, "in it")
		cases.Find(cases.Got(broker.ListOperatorPolicies()),
			func(one rabbithole.OperatorPolicy) bool { return one.Vhost == vhost }, "among all")
		status(cases.Got(broker.DeleteOperatorPolicy(vhost, "p")), 204, "delete")
	})
}

func globalParameters(broker *cases.Broker) {
	name := cases.Name("parameter")
	value := map[string]any{"a": 1., "b": []any{"c", true}}
	status(cases.Got(broker.PutGlobalParameter(name, value)), 201, "a new parameter")
	defer broker.DeleteGlobalParameter(name)
	status(cases.Got(broker.PutGlobalParameter(name, value)), 204, "again")
	cases.Equal(*cases.Got(broker.GetGlobalParameter(name)),
		rabbithole.GlobalRuntimeParameter{Name: name, Value: value}, "the parameter")
	cases.Find(cases.Got(broker.ListGlobalParameters()),
		func(one rabbithole.GlobalRuntimeParameter) bool { return one.Name == name }, "among all")
	status(cases.Got(broker.DeleteGlobalParameter(name)), 204, "delete")
	_, err := broker.GetGlobalParameter(name)
	cases.Refused(err, http.StatusNotFound, "after that")
}

func runtimeParameters(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		cases.Got(broker.ListRuntimeParameters())
		_, err := broker.PutRuntimeParameter("nobody-knows", vhost, "a", 1)
		cases.Refused(err, http.StatusBadRequest, "a component nobody knows")
		cases.Got(broker.PutVhostLimits(vhost, rabbithole.VhostLimitsValues{"max-queues": 5}))
		all := cases.Got(broker.ListRuntimeParametersFor("vhost-limits"))
		one := cases.Find(all,
			func(one rabbithole.RuntimeParameter) bool { return one.Vhost == vhost }, "its limits")
		cases.Equal(one.Component, "vhost-limits", "component")
		cases.Equal(one.Value, any(map[string]any{"max-queues": 5.}), "value")
		in := cases.Got(broker.ListRuntimeParametersIn("vhost-limits", vhost))
		cases.Equal(len(in), 1, "in the vhost")
	})
}

// A broker without the plugin lists none and refuses a definition with a reason.
func shovels(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		cases.Equal(len(cases.Got(broker.ListShovelsIn(vhost))), 0, "definitions")
		cases.Equal(len(cases.Got(broker.ListShovelStatus(vhost))), 0, "states")
		cases.Got(broker.ListShovels())
		_, err := broker.GetShovel(vhost, "s")
		cases.Refused(err, http.StatusNotFound, "one that is not there")
		_, err = broker.DeclareShovel(vhost, "s", rabbithole.ShovelDefinition{AckMode: "never"})
		cases.Refused(err, http.StatusBadRequest, "a wrong one")
	})
}

func federation(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		cases.Equal(len(cases.Got(broker.ListFederationUpstreamsIn(vhost))), 0, "upstreams")
		cases.Got(broker.ListFederationUpstreams())
		cases.Equal(len(cases.Got(broker.ListFederationLinks())), 0, "links")
		cases.Equal(len(cases.Got(broker.ListFederationLinksIn(vhost))), 0, "links of a vhost")
		_, err := broker.GetFederationUpstream(vhost, "u")
		cases.Refused(err, http.StatusNotFound, "one that is not there")
	})
}
