// Definitions: what is exported can be imported again.

package main

import (
	"lepus/management/cases"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
)

var definitionCases = []entry{
	{"definitions", definitions}, {"definitions_of_a_vhost", vhostDefinitions},
}

func definitions(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		cases.Got(broker.DeclareQueue(vhost, "q", rabbithole.QueueSettings{Durable: true}))
		all := cases.Got(broker.ListDefinitions())
		cases.True(all.RabbitMQVersion != "" && all.RabbitVersion != "", "no version")
		cases.True(all.Users != nil && len(*all.Users) > 0 && all.Vhosts != nil &&
			all.Permissions != nil && all.TopicPermissions != nil && all.Parameters != nil &&
			all.GlobalParameters != nil && all.Policies != nil && all.Exchanges != nil &&
			all.Bindings != nil, "parts are missing in %+v", all)
		isMine := func(one rabbithole.QueueInfo) bool { return one.Vhost == vhost }
		queue := cases.Find(*all.Queues, isMine, "the queue")
		cases.True(queue.Name == "q" && queue.Durable, "queue %+v", queue)
		cases.Got(broker.DeleteQueue(vhost, "q"))
		status(cases.Got(broker.UploadDefinitions(&rabbithole.ExportedDefinitions{
			RabbitMQVersion: all.RabbitMQVersion,
			Policies:        &[]rabbithole.PolicyDefinition{}, Bindings: &[]rabbithole.BindingInfo{},
			Exchanges: &[]rabbithole.ExchangeInfo{}, Queues: &[]rabbithole.QueueInfo{queue},
		})), 204, "upload")
		cases.Got(broker.GetQueue(vhost, "q"))
	})
}

func vhostDefinitions(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		cases.Got(broker.DeclareQueue(vhost, "q", rabbithole.QueueSettings{Durable: true}))
		cases.Got(broker.DeclareBinding(vhost, rabbithole.BindingInfo{Source: "amq.direct",
			Destination: "q", DestinationType: "queue", RoutingKey: "k"}))
		all := cases.Got(broker.ListVhostDefinitions(vhost))
		cases.Equal(len(*all.Queues), 1, "queues")
		cases.Equal(len(*all.Bindings), 1, "bindings")
		cases.Equal(all.Users == nil, true, "no users in it")
		cases.InVhost(broker, func(other string) {
			status(cases.Got(broker.UploadVhostDefinitions(all, other)), 204, "upload")
			cases.Equal(len(cases.Got(broker.ListQueueBindingsBetween(other, "amq.direct", "q"))), 1,
				"the binding")
		})
	})
}
