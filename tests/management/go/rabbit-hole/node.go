// What the node is and how it is: overview, health, flags, and how it refuses.

package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"lepus/management/cases"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
)

var nodeCases = []entry{
	{"overview", overview}, {"nodes", nodes}, {"protocols", protocols},
	{"cluster_name", clusterName}, {"feature_flags", featureFlags},
	{"deprecated_features", deprecatedFeatures}, {"health_checks", healthChecks},
	{"failing_health_checks", failingHealthChecks}, {"rebalance", rebalance},
	{"wrong_login", wrongLogin}, {"not_found", notFound},
}

func overview(broker *cases.Broker) {
	cases.Within(func() bool {
		return cases.Got(broker.Overview()).MessageStats.Publish > 0
	}, "messages are counted")
	got := cases.Got(broker.Overview())
	cases.True(got.RabbitMQVersion != "" && got.ManagementVersion != "", "no versions")
	cases.True(got.ErlangVersion != "" && got.FullErlangVersion != "", "no Erlang versions")
	cases.True(strings.HasPrefix(got.Node, "rabbit@") || strings.Contains(got.Node, "@"),
		"node is %q", got.Node)
	for _, wanted := range []string{"direct", "fanout", "headers", "topic"} {
		kind := cases.Find(got.ExchangeTypes,
			func(one rabbithole.ExchangeType) bool { return one.Name == wanted }, wanted)
		cases.True(kind.Enabled && kind.Description != "", "type %+v", kind)
	}
	totals := got.ObjectTotals
	cases.True(totals.Queues >= 3 && totals.Exchanges >= 7 && totals.Connections >= 2 &&
		totals.Channels >= 3 && totals.Consumers >= 2, "totals %+v", totals)
	cases.Equal(got.QueueTotals.Messages,
		got.QueueTotals.MessagesReady+got.QueueTotals.MessagesUnacknowledged, "sum of messages")
	cases.True(len(got.Contexts) > 0 && got.Contexts[0].Port > 0, "contexts %+v", got.Contexts)
	stats := got.MessageStats
	cases.True(stats.DeliverGet >= stats.Deliver && stats.Ack > 0 && stats.GetNoAck > 0 &&
		stats.Redeliver > 0 && stats.ReturnUnroutable > 0 && stats.DropUnroutable > 0,
		"message_stats %+v", stats)
}

func nodes(broker *cases.Broker) {
	all := cases.Got(broker.ListNodes())
	cases.Equal(len(all), 1, "nodes")
	got := cases.Got(broker.GetNode(all[0].Name))
	for _, one := range []rabbithole.NodeInfo{all[0], *got} {
		cases.Equal(one.NodeType, "disc", "type")
		cases.True(one.IsRunning && one.OsPid != "" && one.Uptime > 0, "node %+v", one)
		cases.True(one.FdUsed > 0 && one.FdTotal > one.FdUsed, "descriptors of %+v", one)
		cases.True(one.ProcUsed > 0 && one.ProcTotal > one.ProcUsed, "processes of %+v", one)
		cases.True(one.MemUsed > 0 && one.MemLimit > 0 && !one.MemAlarm, "memory of %+v", one)
		cases.True(one.DiskFree > one.DiskFreeLimit && !one.DiskFreeAlarm, "disk of %+v", one)
		cases.True(one.Processors > 0 && len(one.Partitions) == 0, "node %+v", one)
		cases.Find(one.AuthMechanisms,
			func(one rabbithole.AuthMechanism) bool { return one.Name == "PLAIN" }, "PLAIN")
		cases.Find(one.ExchangeTypes,
			func(one rabbithole.ExchangeType) bool { return one.Name == "topic" }, "topic")
	}
	cases.Within(func() bool {
		one := cases.Got(broker.GetNode(all[0].Name))
		return one.ConnectionCreated > 0 && one.ChannelCreated > 0 && one.QueueDeclared > 0 &&
			one.QueueCreated > 0 && one.QueueDeleted > 0 && one.ChannelClosed > 0
	}, "what comes and goes is counted")
	if !cases.IsBefore(broker, 4, 0) {
		_, err := broker.GetNode("rabbit@nobody.invalid")
		cases.Refused(err, http.StatusNotFound, "a node that is not there")
	}
}

func protocols(broker *cases.Broker) {
	ports := cases.Got(broker.ProtocolPorts())
	cases.Equal(strconv.Itoa(int(ports["amqp"])), broker.AMQPPort, "port of amqp")
	cases.True(strings.HasSuffix(broker.URL, fmt.Sprintf(":%d", ports["http"])), "http: %v", ports)
	cases.True(ports["http/prometheus"] > 0, "http/prometheus: %v", ports)
	names := cases.Got(broker.EnabledProtocols())
	cases.True(len(names) >= 3, "names: %v", names)
}

func clusterName(broker *cases.Broker) {
	before := cases.Got(broker.GetClusterName())
	cases.True(before.Name != "", "no name")
	defer broker.SetClusterName(*before)
	answer := cases.Got(broker.SetClusterName(rabbithole.ClusterName{Name: "management@test"}))
	cases.Equal(answer.StatusCode, http.StatusNoContent, "status")
	cases.Equal(cases.Got(broker.GetClusterName()).Name, "management@test", "the new name")
}

func featureFlags(broker *cases.Broker) {
	all := cases.Got(broker.ListFeatureFlags())
	one := cases.Find(all, func(one rabbithole.FeatureFlag) bool {
		return one.State == rabbithole.StateEnabled
	}, "an enabled one")
	cases.True(one.Name != "" && one.Stability == rabbithole.StabilityStable &&
		one.ProvidedBy != "", "flag %+v", one)
	answer := cases.Got(broker.EnableFeatureFlag(one.Name))
	cases.Equal(answer.StatusCode, http.StatusNoContent, "enabling what is enabled")
	_, err := broker.EnableFeatureFlag("nobody_knows")
	cases.True(err != nil, "a flag nobody knows was enabled")
}

func deprecatedFeatures(broker *cases.Broker) {
	if cases.IsBefore(broker, 3, 13) {
		return
	}
	for _, one := range cases.Got(broker.ListDeprecatedFeatures()) {
		cases.True(one.Name != "", "feature %+v", one)
	}
	cases.Got(broker.ListDeprecatedFeaturesUsed())
}

func healthChecks(broker *cases.Broker) {
	for _, check := range []func() (rabbithole.ResourceAlarmCheckStatus, error){
		broker.HealthCheckAlarms, broker.HealthCheckLocalAlarms} {
		cases.Equal(cases.Got(check()).Status, "ok", "alarms")
	}
	cases.Equal(cases.Got(broker.HealthCheckCertificateExpiration(1, rabbithole.MONTHS)).Status,
		"ok", "certificates")
	port := cases.Got(strconv.Atoi(broker.AMQPPort))
	listener := cases.Got(broker.HealthCheckPortListener(uint(port)))
	cases.Equal(listener.Status, "ok", "port")
	cases.Equal(listener.Port, uint(port), "the port")
	for _, protocol := range []rabbithole.Protocol{rabbithole.AMQP091, rabbithole.AMQP,
		rabbithole.HTTP} {
		cases.Equal(cases.Got(broker.HealthCheckProtocolListener(protocol)).Status, "ok",
			string(protocol))
	}
	cases.Equal(cases.Got(broker.HealthCheckVirtualHosts()).Status, "ok", "virtual hosts")
	cases.Equal(cases.Got(broker.HealthCheckNodeIsQuorumCritical()).Status, "ok", "quorum")
}

func failingHealthChecks(broker *cases.Broker) {
	port := cases.Got(broker.HealthCheckPortListener(9))
	cases.Equal(port.Status, "failed", "a port without listener")
	cases.Equal(port.Missing, uint(9), "which one")
	cases.True(port.Reason != "" && len(port.Ports) > 0, "port: %+v", port)
	protocol := cases.Got(broker.HealthCheckProtocolListener(rabbithole.STOMP))
	cases.Equal(protocol.Status, "failed", "a protocol without listener")
	cases.Equal(protocol.Missing, "stomp", "which one")
	cases.True(protocol.Reason != "" && len(protocol.Protocols) > 0, "protocol: %+v", protocol)
	_, err := broker.HealthCheckCertificateExpiration(1, "fortnights")
	cases.Refused(err, http.StatusBadRequest, "a unit nobody knows")
}

func rebalance(broker *cases.Broker) {
	answer := cases.Got(broker.RebalanceQueues())
	cases.True(answer.StatusCode/100 == 2, "status %d", answer.StatusCode)
}

func wrongLogin(broker *cases.Broker) {
	other := cases.Got(rabbithole.NewClient(broker.URL, "guest", "wrong"))
	_, err := other.Overview()
	cases.True(err != nil && strings.Contains(err.Error(), "401"), "got %v", err)
}

func notFound(broker *cases.Broker) {
	_, err := broker.GetQueue("/", "management.nobody")
	cases.Refused(err, http.StatusNotFound, "queue")
	_, err = broker.GetVhost("management.nobody")
	cases.Refused(err, http.StatusNotFound, "vhost")
	_, err = broker.ListQueuesIn("management.nobody")
	cases.Refused(err, http.StatusNotFound, "queues of a vhost")
	_, err = broker.GetConnection("management.nobody")
	cases.Refused(err, http.StatusNotFound, "connection")
	_, err = broker.GetUser("management.nobody")
	cases.Refused(err, http.StatusNotFound, "user")
	answer := cases.Got(broker.DeleteQueue("/", "management.nobody"))
	cases.Equal(answer.StatusCode, http.StatusNotFound, "deleting what is not there")
}
