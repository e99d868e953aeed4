// Queues, exchanges, bindings and virtual hosts, from their declaration to their deletion.

package main

import (
	"net/http"
	"net/url"

	"lepus/management/cases"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
)

var objectCases = []entry{
	{"queues", queues}, {"queues_by_pages", queuesByPages},
	{"queues_are_deleted_conditionally", conditionalDelete}, {"exchanges", exchanges},
	{"publishes", publishes}, {"bindings", bindings}, {"vhosts", vhosts},
	{"vhost_deletion_protection", deletionProtection},
}

func status(answer *http.Response, wanted int, what string) {
	answer.Body.Close()
	cases.Equal(answer.StatusCode, wanted, what)
}

func queues(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		settings := rabbithole.QueueSettings{Durable: true,
			Arguments: map[string]any{"x-message-ttl": 60000, "x-max-length": 10}}
		status(cases.Got(broker.DeclareQueue(vhost, "a/b c", settings)), 201, "a new queue")
		status(cases.Got(broker.DeclareQueue(vhost, "a/b c", settings)), 204, "the same again")
		_, err := broker.DeclareQueue(vhost, "a/b c", rabbithole.QueueSettings{})
		cases.Refused(err, http.StatusBadRequest, "another durability")
		status(cases.Got(broker.DeclareQueue(vhost, "quorum",
			rabbithole.QueueSettings{Type: "quorum", Durable: true})), 201, "a quorum queue")
		one := cases.Got(broker.GetQueue(vhost, "a/b c"))
		cases.True(one.Durable && !bool(one.AutoDelete) && !one.Exclusive && one.Vhost == vhost &&
			one.Type == "classic" && one.Node != "", "queue %+v", one)
		cases.Equal(one.Arguments, map[string]any{"x-message-ttl": 60000., "x-max-length": 10.},
			"arguments")
		quorum := cases.Got(broker.GetQueue(vhost, "quorum"))
		cases.True(quorum.Type == "quorum" && quorum.Leader != "" && len(quorum.Members) == 1 &&
			len(quorum.Online) == 1, "quorum queue %+v", quorum)
		listed := cases.Got(broker.ListQueuesIn(vhost))
		cases.Equal(len(listed), 2, "queues of the vhost")
		cases.Find(cases.Got(broker.ListQueues()), func(one rabbithole.QueueInfo) bool {
			return one.Vhost == vhost && one.Name == "quorum"
		}, "among all")
		filtered := cases.Got(broker.ListQueuesWithParametersIn(vhost,
			url.Values{"columns": {"name,type"}, "sort": {"name"}}))
		cases.Equal(filtered, []rabbithole.QueueInfo{{Name: "a/b c", Type: "classic"},
			{Name: "quorum", Type: "quorum"}}, "columns")
		cases.Got(broker.ListQueuesWithParameters(url.Values{"disable_stats": {"true"},
			"enable_queue_totals": {"true"}}))
		status(cases.Got(broker.PurgeQueue(vhost, "a/b c")), 204, "purge")
		status(cases.Got(broker.DeleteQueue(vhost, "a/b c")), 204, "delete")
	})
}

func queuesByPages(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		for _, name := range []string{"one", "two", "three"} {
			cases.Got(broker.DeclareQueue(vhost, name, rabbithole.QueueSettings{}))
		}
		first := cases.Got(broker.PagedListQueuesWithParametersIn(vhost,
			url.Values{"page": {"1"}, "page_size": {"2"}, "sort": {"name"}}))
		cases.True(first.Page == 1 && first.PageCount == 2 && first.PageSize == 2 &&
			first.TotalCount == 3 && first.FilteredCount == 3 && first.ItemCount == 2 &&
			first.Items[0].Name == "one" && first.Items[1].Name == "three", "page %+v", first)
		filtered := cases.Got(broker.PagedListQueuesWithParametersIn(vhost, url.Values{"page": {"1"},
			"name": {"^t"}, "use_regex": {"true"}}))
		cases.True(filtered.FilteredCount == 2 && filtered.TotalCount == 3 && filtered.PageSize == 100,
			"filtered %+v", filtered)
		_, err := broker.PagedListQueuesWithParametersIn(vhost,
			url.Values{"page": {"7"}, "page_size": {"2"}})
		cases.Refused(err, http.StatusBadRequest, "a page that is not there")
		cases.Got(broker.PagedListQueuesWithParameters(url.Values{"page": {"1"}}))
	})
}

func conditionalDelete(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		cases.Got(broker.DeclareQueue(vhost, "q", rabbithole.QueueSettings{}))
		cases.Got(broker.PublishToExchange(vhost, "amq.default",
			rabbithole.PublishOptions{RoutingKey: "q", Payload: "x", PayloadEncoding: "string",
				Properties: map[string]any{"delivery_mode": 1}}))
		_, err := broker.DeleteQueue(vhost, "q", rabbithole.QueueDeleteOptions{IfEmpty: true})
		cases.Refused(err, http.StatusBadRequest, "a queue with a message")
		cases.Got(broker.PurgeQueue(vhost, "q"))
		status(cases.Got(broker.DeleteQueue(vhost, "q",
			rabbithole.QueueDeleteOptions{IfEmpty: true, IfUnused: true})), 204, "an empty one")
	})
}

func exchanges(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		settings := rabbithole.ExchangeSettings{Type: "topic", Durable: true,
			Arguments: map[string]any{"alternate-exchange": "amq.fanout"}}
		status(cases.Got(broker.DeclareExchange(vhost, "x", settings)), 201, "a new exchange")
		status(cases.Got(broker.DeclareExchange(vhost, "x", settings)), 204, "the same again")
		_, err := broker.DeclareExchange(vhost, "x", rabbithole.ExchangeSettings{Type: "direct"})
		cases.Refused(err, http.StatusBadRequest, "another type")
		one := cases.Got(broker.GetExchange(vhost, "x"))
		cases.True(one.Type == "topic" && one.Durable && !bool(one.AutoDelete) && !one.Internal &&
			one.Vhost == vhost && one.Incoming != nil && one.Outgoing != nil, "exchange %+v", one)
		cases.Equal(one.Arguments, map[string]any{"alternate-exchange": "amq.fanout"}, "arguments")
		cases.True(len(cases.Got(broker.ListExchangesIn(vhost))) >= 8, "too few exchanges")
		cases.Find(cases.Got(broker.ListExchanges()), func(one rabbithole.ExchangeInfo) bool {
			return one.Vhost == vhost && one.Name == "x"
		}, "among all")
		status(cases.Got(broker.DeleteExchange(vhost, "x")), 204, "delete")
		_, err = broker.GetExchange(vhost, "x")
		cases.Refused(err, http.StatusNotFound, "after that")
	})
}

func publishes(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		cases.Got(broker.DeclareQueue(vhost, "q", rabbithole.QueueSettings{}))
		options := rabbithole.PublishOptions{RoutingKey: "q", Payload: "aGVsbG8=",
			PayloadEncoding: "base64", Properties: map[string]any{"delivery_mode": 2,
				"content_type": "text/plain", "headers": map[string]any{"a": 1}}}
		cases.Equal(cases.Got(broker.PublishToExchange(vhost, "amq.default", options)).Routed, true,
			"to a queue")
		options.RoutingKey = "nobody"
		cases.Equal(cases.Got(broker.PublishToExchange(vhost, "amq.direct", options)).Routed, false,
			"to nobody")
		cases.Within(func() bool {
			return cases.Got(broker.GetQueue(vhost, "q")).Messages == 1
		}, "it is counted")
	})
}

func bindings(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		cases.Got(broker.DeclareQueue(vhost, "q", rabbithole.QueueSettings{}))
		toQueue := rabbithole.BindingInfo{Source: "amq.headers", Destination: "q",
			DestinationType: "queue", RoutingKey: "a.b",
			Arguments: map[string]any{"x-match": "all", "one": "two"}}
		toExchange := rabbithole.BindingInfo{Source: "amq.topic", Destination: "amq.fanout",
			DestinationType: "exchange", RoutingKey: "#"}
		answer := cases.Got(broker.DeclareBinding(vhost, toQueue))
		cases.True(answer.Header.Get("Location") != "", "no location in %v", answer.Header)
		status(answer, 201, "to a queue")
		status(cases.Got(broker.DeclareBinding(vhost, toExchange)), 201, "to an exchange")
		between := cases.Got(broker.ListQueueBindingsBetween(vhost, "amq.headers", "q"))
		cases.Equal(len(between), 1, "between exchange and queue")
		got := between[0]
		toQueue.Vhost, toQueue.PropertiesKey = vhost, got.PropertiesKey
		cases.Equal(got, toQueue, "the binding")
		cases.Equal(len(cases.Got(broker.ListQueueBindings(vhost, "q"))), 2, "of the queue")
		cases.Equal(cases.Got(broker.ListExchangeBindingsBetween(vhost, "amq.topic", "amq.fanout")),
			[]rabbithole.BindingInfo{{Source: "amq.topic", Vhost: vhost, Destination: "amq.fanout",
				DestinationType: "exchange", RoutingKey: "#", Arguments: map[string]any{},
				PropertiesKey: "%23"}}, "between exchanges")
		cases.Equal(len(cases.Got(broker.ListExchangeBindingsWithSource(vhost, "amq.headers"))), 1,
			"with a source")
		cases.Equal(len(cases.Got(broker.ListExchangeBindingsWithDestination(vhost, "amq.fanout"))),
			1, "with a destination")
		cases.Equal(len(cases.Got(broker.ListBindingsIn(vhost))), 3, "of the vhost")
		isMine := func(one rabbithole.BindingInfo) bool { return one.Vhost == vhost }
		cases.Find(cases.Got(broker.ListBindings()), isMine, "among all")
		status(cases.Got(broker.DeleteBinding(vhost, got)), 204, "delete")
		cases.Equal(len(cases.Got(broker.ListQueueBindingsBetween(vhost, "amq.headers", "q"))), 0,
			"after that")
	})
}

func vhosts(broker *cases.Broker) {
	name := cases.Name("vhost")
	settings := rabbithole.VhostSettings{Description: "some words", DefaultQueueType: "quorum",
		Tags: rabbithole.VhostTags{"one", "two"}, Tracing: true}
	status(cases.Got(broker.PutVhost(name, settings)), 201, "a new vhost")
	defer broker.DeleteVhost(name)
	settings.Tracing = false
	status(cases.Got(broker.PutVhost(name, settings)), 204, "again")
	one := cases.Got(broker.GetVhost(name))
	cases.True(one.Name == name && one.Description == "some words" && !one.Tracing &&
		one.ClusterState != nil, "vhost %+v", one)
	cases.Equal(one.Tags, settings.Tags, "tags")
	for _, state := range one.ClusterState {
		cases.Equal(state, "running", "state")
	}
	if !cases.IsBefore(broker, 3, 11) {
		cases.Equal(one.DefaultQueueType, "quorum", "default queue type")
		cases.Got(broker.UpdatePermissionsIn(name, "guest",
			rabbithole.Permissions{Configure: ".*", Write: ".*", Read: ".*"}))
		cases.Got(broker.DeclareQueue(name, "q", rabbithole.QueueSettings{Durable: true}))
		cases.Equal(cases.Got(broker.GetQueue(name, "q")).Type, "quorum", "type of a queue")
	}
	cases.Find(cases.Got(broker.ListVhosts()),
		func(one rabbithole.VhostInfo) bool { return one.Name == name }, "among all")
	cases.Within(func() bool {
		all := cases.Find(cases.Got(broker.ListVhosts()),
			func(one rabbithole.VhostInfo) bool { return one.Name == "/" }, "/")
		return all.RecvOct > 0 && all.SendOct > 0
	}, "bytes are counted")
	status(cases.Got(broker.DeleteVhost(name)), 204, "delete")
}

func deletionProtection(broker *cases.Broker) {
	if cases.IsBefore(broker, 4, 1) {
		return
	}
	cases.InVhost(broker, func(vhost string) {
		cases.Got(broker.EnableVhostDeletionProtection(vhost))
		_, err := broker.DeleteVhost(vhost)
		cases.Refused(err, http.StatusPreconditionFailed, "a protected vhost")
		cases.Got(broker.DisableVhostDeletionProtection(vhost))
		status(cases.Got(broker.DeleteVhost(vhost)), 204, "delete")
	})
}
