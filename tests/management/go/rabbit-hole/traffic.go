// What lives: connections, channels, consumers, and the counts of messages that pass.

package main

import (
	"net/http"
	"net/url"
	"strings"

	"lepus/management/cases"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
	amqp "github.com/rabbitmq/amqp091-go"
)

// What the program traffic.py keeps, and connections of this one.
var trafficCases = []entry{
	{"connections", connections}, {"channels", channels}, {"consumers", consumers},
	{"a_queue_with_traffic", trafficQueue}, {"an_exchange_with_traffic", trafficExchange},
	{"closes_a_connection", closesConnection},
	{"closes_all_connections_of_a_user", closesConnectionsOfUser},
	{"streams", streams},
}

func named(name string) func(rabbithole.ConnectionInfo) bool {
	return func(one rabbithole.ConnectionInfo) bool {
		return one.ClientProperties["connection_name"] == name
	}
}

// Statistics come a moment after the object.
func knownConnection(broker *cases.Broker, name string) (found rabbithole.ConnectionInfo) {
	cases.Within(func() bool {
		for _, one := range cases.Got(broker.ListConnections()) {
			if named(name)(one) && one.State == "running" {
				found = one
				return true
			}
		}
		return false
	}, "the connection "+name)
	return found
}

func connections(broker *cases.Broker) {
	found := knownConnection(broker, "management traffic")
	cases.Within(func() bool {
		return cases.Got(broker.GetConnection(found.Name)).RecvOct > 0
	}, "bytes are counted")
	one := cases.Got(broker.GetConnection(found.Name))
	cases.Equal(one.User, "guest", "user")
	cases.Equal(one.Vhost, "/", "vhost")
	cases.Equal(one.Protocol, "AMQP 0-9-1", "protocol")
	cases.Equal(one.Type, "network", "type")
	cases.True(strings.Contains(one.Name, " -> "), "name %q", one.Name)
	cases.True(one.Port > 0 && one.PeerPort > 0 && one.Host != "" && one.PeerHost != "" &&
		one.FrameMax > 0 && one.Timeout > 0 && one.ConnectedAt > 1_700_000_000_000 &&
		!one.UsesTLS && one.SendOct > 0 && one.SendCount > 0, "connection %+v", one)
	cases.True(one.ClientProperties["product"] != "" &&
		one.ClientProperties["capabilities"] != nil, "client properties %v", one.ClientProperties)
	paged := cases.Got(broker.PagedListConnectionsWithParameters(
		url.Values{"page": {"1"}, "page_size": {"1"}}))
	cases.True(paged.Page == 1 && paged.PageSize == 1 && paged.ItemCount == 1 &&
		paged.TotalCount >= 2 && paged.PageCount == paged.FilteredCount &&
		len(paged.Items) == 1, "a page %+v", paged)
	cases.Find(cases.Got(broker.ListVhostConnections("/")), named("management traffic"), "in /")
	cases.Find(cases.Got(broker.ListConnectionsOfUser("guest")),
		func(other rabbithole.UserConnectionInfo) bool { return other.Name == found.Name },
		"of guest")
}

func channels(broker *cases.Broker) {
	connection := knownConnection(broker, "management traffic")
	isMine := func(one rabbithole.ChannelInfo) bool {
		return one.ConnectionDetails.Name == connection.Name && one.PrefetchCount == 20
	}
	var found rabbithole.ChannelInfo
	cases.Within(func() bool {
		for _, one := range cases.Got(broker.ListChannels()) {
			if isMine(one) {
				found = one
				return true
			}
		}
		return false
	}, "its channel")
	one := cases.Got(broker.GetChannel(found.Name))
	cases.Equal(one.Name, connection.Name+" (1)", "name")
	cases.True(one.Number == 1 && one.ConsumerCount == 1 && one.User == "guest" &&
		one.Vhost == "/" && one.Node == connection.Node && !one.UsesPublisherConfirms &&
		!one.Transactional && one.ConnectionDetails.PeerPort == connection.PeerPort,
		"channel %+v", one)
	cases.Find(cases.Got(broker.ListVhostChannels("/")), isMine, "in /")
	publisher := knownConnection(broker, "management publisher")
	cases.Within(func() bool {
		for _, one := range cases.Got(broker.ListChannels()) {
			if one.ConnectionDetails.Name == publisher.Name && one.UsesPublisherConfirms {
				return true
			}
		}
		return false
	}, "a channel with confirms")
}

func consumers(broker *cases.Broker) {
	isMine := func(one rabbithole.ConsumerInfo) bool {
		return one.ConsumerTag == "management-consumer"
	}
	cases.Find(cases.Got(broker.ListConsumers()), isMine, "of all")
	one := cases.Find(cases.Got(broker.ListConsumersIn("/")), isMine, "in /")
	cases.Equal(one.Queue,
		rabbithole.BriefQueueInfo{Name: "management.traffic", Vhost: "/"}, "queue")
	cases.True(one.AcknowledgementMode == rabbithole.ManualAcknowledgement &&
		one.PrefetchCount == 20 && !one.Exclusive && one.ChannelDetails.Number == 1 &&
		one.ChannelDetails.User == "guest" && one.ChannelDetails.ConnectionName != "",
		"consumer %+v", one)
}

func trafficQueue(broker *cases.Broker) {
	cases.Within(func() bool {
		one := cases.Got(broker.GetQueue("/", "management.traffic"))
		return one.MessageStats != nil && one.MessageStats.Publish > 0 &&
			one.MessageStats.Deliver > 0 && one.MessageStats.Ack > 0 && one.Consumers == 1 &&
			one.MessagesDetails != nil && one.ConsumerDetails != nil && one.Status == "running"
	}, "its numbers")
	var one *rabbithole.DetailedQueueInfo
	cases.Within(func() bool { // Samples are five seconds apart.
		one = cases.Got(broker.GetQueueWithParameters("/", "management.traffic", url.Values{
			"lengths_age": {"60"}, "lengths_incr": {"5"}, "msg_rates_age": {"60"},
			"msg_rates_incr": {"5"}}))
		return len(one.MessagesDetails.Samples) > 1 && len(one.MessageStats.PublishDetails.Samples) > 1
	}, "samples of its length and its rates")
	samples := one.MessagesDetails.Samples
	cases.True(samples[0].Timestamp-samples[1].Timestamp == 5000, "newest first, in ms: %+v", samples)
	consumer := (*one.ConsumerDetails)[0]
	cases.True(consumer.ConsumerTag == "management-consumer" && consumer.AckRequired &&
		consumer.PrefetchCount == 20 && consumer.Active &&
		consumer.Queue.Name == "management.traffic", "consumer %+v", consumer)
}

func trafficExchange(broker *cases.Broker) {
	cases.Within(func() bool {
		one := cases.Got(broker.GetExchange("/", "amq.default"))
		return one.PublishStats.PublishIn > 0
	}, "messages into the default exchange are counted")
}

// connect opens a connection and returns it with a channel that tells when it was closed.
func connect(broker *cases.Broker, user, password, name string) (
	*amqp.Connection, chan *amqp.Error) {
	host := cases.Got(url.Parse(broker.URL)).Hostname()
	link := cases.Got(amqp.DialConfig("amqp://"+user+":"+password+"@"+host+":"+broker.AMQPPort+"/",
		amqp.Config{Properties: amqp.Table{"connection_name": name}}))
	return link, link.NotifyClose(make(chan *amqp.Error, 1))
}

func closesConnection(broker *cases.Broker) {
	name := cases.Name("victim")
	link, closed := connect(broker, "guest", "guest", name)
	defer link.Close()
	found := knownConnection(broker, name)
	answer := cases.Got(broker.CloseConnection(found.Name))
	cases.Equal(answer.StatusCode, http.StatusNoContent, "status")
	reason := <-closed
	cases.Equal(reason.Code, 320, "code")
	cases.True(strings.Contains(reason.Reason, "CONNECTION_FORCED"), "reason %q", reason.Reason)
}

func closesConnectionsOfUser(broker *cases.Broker) {
	if cases.IsBefore(broker, 3, 11) {
		return
	}
	user := cases.Name("user")
	cases.Got(broker.PutUser(user, rabbithole.UserSettings{Password: "secret"}))
	defer broker.DeleteUser(user)
	cases.Got(broker.UpdatePermissionsIn("/", user, rabbithole.Permissions{}))
	_, first := connect(broker, user, "secret", "first")
	_, second := connect(broker, user, "secret", "second")
	cases.Within(func() bool {
		return len(cases.Got(broker.ListConnectionsOfUser(user))) == 2
	}, "both are listed")
	cases.Got(broker.CloseAllConnectionsOfUser(user))
	cases.Equal((<-first).Code, 320, "the first")
	cases.Equal((<-second).Code, 320, "the second")
	cases.Within(func() bool {
		return len(cases.Got(broker.ListConnectionsOfUser(user))) == 0
	}, "none is listed")
}

// Nobody is connected by the stream protocol: there are none, or nothing answers at all.
func streams(broker *cases.Broker) {
	all, err := broker.ListStreamConnections()
	if err != nil {
		cases.Refused(err, http.StatusNotFound, "stream connections")
		return
	}
	cases.Equal(len(all), 0, "stream connections")
	cases.Equal(len(cases.Got(broker.ListStreamPublishers())), 0, "publishers")
	cases.Equal(len(cases.Got(broker.ListStreamConsumers())), 0, "consumers")
}
