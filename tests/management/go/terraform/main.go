// Makes the calls of the Terraform provider cyrilgdn/rabbitmq (and of Pulumi's, which is made of
// it) in its order: create, read, update, read, delete of each resource, and a look at what it
// keeps.
package main

import (
	"net/http"
	"net/url"
	"strings"

	"lepus/management/cases"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
)

func main() {
	names := []string{"provider", "vhost", "vhost_limits", "user", "permissions",
		"topic_permissions", "exchange", "queue", "binding_to_queue", "binding_to_exchange",
		"policy", "operator_policy", "read_of_what_is_gone"}
	cases.Run(names, map[string]func(*cases.Broker){
		"provider": provider, "vhost": vhost, "vhost_limits": vhostLimits, "user": user,
		"permissions": permissions, "topic_permissions": topicPermissions, "exchange": exchange,
		"queue": queue, "binding_to_queue": bindingToQueue,
		"binding_to_exchange": bindingToExchange, "policy": policy,
		"operator_policy": operatorPolicy, "read_of_what_is_gone": gone,
	})
}

// done is what the provider takes for success.
func done(answer *http.Response, err error) {
	cases.Must(err)
	if answer != nil { // of limits, when there are none to set
		cases.True(answer.StatusCode < 400, "status %s", answer.Status)
	}
}

// absent is how the provider learns that a resource was deleted behind its back.
func absent(err error, what string) {
	cases.Refused(err, http.StatusNotFound, what)
}

func provider(broker *cases.Broker) {
	cases.True(cases.Got(broker.Overview()).RabbitMQVersion != "", "no version")
}

func vhost(broker *cases.Broker) {
	name := cases.Name("vhost")
	settings := rabbithole.VhostSettings{Description: "first", DefaultQueueType: "quorum"}
	done(broker.PutVhost(name, settings))
	defer broker.DeleteVhost(name)
	done(broker.PutVhostLimits(name, rabbithole.VhostLimitsValues{}))
	got := cases.Got(broker.GetVhost(name))
	cases.True(got.Description == "first" && !got.Tracing, "read: %+v", got)
	cases.Got(broker.GetVhostLimits(name))
	settings.Description, settings.Tracing = "second", true
	done(broker.PutVhost(name, settings))
	got = cases.Got(broker.GetVhost(name))
	cases.True(got.Description == "second" && got.Tracing, "read again: %+v", got)
	if !cases.IsBefore(broker, 3, 11) {
		cases.Equal(got.DefaultQueueType, "quorum", "default queue type")
	}
	done(broker.DeleteVhost(name))
	_, err := broker.GetVhost(name)
	absent(err, "after the deletion")
}

func vhostLimits(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		done(broker.PutVhostLimits(vhost, rabbithole.VhostLimitsValues{"max-connections": 100,
			"max-queues": 200}))
		got := cases.Got(broker.GetVhostLimits(vhost))
		cases.Equal(got[0].Value, rabbithole.VhostLimitsValues{"max-connections": 100,
			"max-queues": 200}, "read")
		// An update is: away with both, then what there shall be.
		done(broker.DeleteVhostLimits(vhost, rabbithole.VhostLimits{"max-connections", "max-queues"}))
		done(broker.PutVhostLimits(vhost, rabbithole.VhostLimitsValues{"max-queues": 300}))
		got = cases.Got(broker.GetVhostLimits(vhost))
		cases.Equal(got[0].Value, rabbithole.VhostLimitsValues{"max-queues": 300}, "read again")
		done(broker.DeleteVhostLimits(vhost, rabbithole.VhostLimits{"max-connections", "max-queues"}))
		done(broker.PutVhostLimits(vhost, rabbithole.VhostLimitsValues{}))
		for _, one := range cases.Got(broker.GetVhostLimits(vhost)) {
			cases.Equal(len(one.Value), 0, "without limits")
		}
	})
}

func user(broker *cases.Broker) {
	name := cases.Name("user")
	done(broker.PutUser(name, rabbithole.UserSettings{Password: "first",
		Tags: rabbithole.UserTags{"management", "administrator"}}))
	defer broker.DeleteUser(name)
	got := cases.Got(broker.GetUser(name))
	cases.Equal(got.Name, name, "name")
	cases.Equal(got.Tags, rabbithole.UserTags{"management", "administrator"}, "tags in their order")
	done(broker.PutUser(name, rabbithole.UserSettings{Password: "second",
		Tags: rabbithole.UserTags{}}))
	cases.Equal(len(cases.Got(broker.GetUser(name)).Tags), 0, "no tags")
	done(broker.DeleteUser(name))
	_, err := broker.GetUser(name)
	absent(err, "after the deletion")
}

// inVhostWithUser is what permissions refer to.
func inVhostWithUser(broker *cases.Broker, run func(vhost, user string)) {
	name := cases.Name("user")
	done(broker.PutUser(name, rabbithole.UserSettings{Password: "secret"}))
	defer broker.DeleteUser(name)
	cases.InVhost(broker, func(vhost string) { run(vhost, name) })
}

func permissions(broker *cases.Broker) {
	inVhostWithUser(broker, func(vhost, user string) {
		for _, one := range []rabbithole.Permissions{{Configure: ".*", Write: ".*", Read: ".*"},
			{Configure: "", Write: "^w", Read: ""}} {
			done(broker.UpdatePermissionsIn(vhost, user, one))
			got := cases.Got(broker.GetPermissionsIn(vhost, user))
			cases.Equal(got, rabbithole.PermissionInfo{User: user, Vhost: vhost,
				Configure: one.Configure, Write: one.Write, Read: one.Read}, "read")
		}
		done(broker.ClearPermissionsIn(vhost, user))
		_, err := broker.GetPermissionsIn(vhost, user)
		absent(err, "after the deletion")
	})
}

func topicPermissions(broker *cases.Broker) {
	inVhostWithUser(broker, func(vhost, user string) {
		for _, exchange := range []string{"amq.topic", "x"} {
			done(broker.UpdateTopicPermissionsIn(vhost, user,
				rabbithole.TopicPermissions{Exchange: exchange, Write: ".*", Read: "^r"}))
		}
		cases.Equal(len(cases.Got(broker.GetTopicPermissionsIn(vhost, user))), 2, "read")
		// An update is: away with all, then what there shall be.
		done(broker.ClearTopicPermissionsIn(vhost, user))
		done(broker.UpdateTopicPermissionsIn(vhost, user,
			rabbithole.TopicPermissions{Exchange: "amq.topic", Write: "^a", Read: ""}))
		cases.Equal(cases.Got(broker.GetTopicPermissionsIn(vhost, user)),
			[]rabbithole.TopicPermissionInfo{{User: user, Vhost: vhost, Exchange: "amq.topic",
				Write: "^a", Read: ""}}, "read again")
		done(broker.ClearTopicPermissionsIn(vhost, user))
		_, err := broker.GetTopicPermissionsIn(vhost, user)
		absent(err, "after the deletion")
	})
}

func exchange(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		done(broker.DeclareExchange(vhost, "a/x", rabbithole.ExchangeSettings{Type: "fanout",
			AutoDelete: true, Arguments: map[string]any{"alternate-exchange": "amq.direct"}}))
		got := cases.Got(broker.GetExchange(vhost, "a/x"))
		cases.True(got.Type == "fanout" && !got.Durable && bool(got.AutoDelete), "read: %+v", got)
		cases.Equal(got.Arguments, map[string]any{"alternate-exchange": "amq.direct"}, "arguments")
		done(broker.DeleteExchange(vhost, "a/x"))
		_, err := broker.GetExchange(vhost, "a/x")
		absent(err, "after the deletion")
	})
}

func queue(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		arguments := map[string]any{"x-message-ttl": 5000., "x-queue-type": "quorum",
			"x-dead-letter-exchange": "dlx", "x-max-length": 7.}
		done(broker.DeclareQueue(vhost, "q@q", rabbithole.QueueSettings{Durable: true,
			Arguments: arguments}))
		got := cases.Got(broker.GetQueue(vhost, "q@q"))
		cases.True(got.Durable && !bool(got.AutoDelete) && got.Type == "quorum", "read: %+v", got)
		cases.Equal(got.Arguments, arguments, "arguments")
		done(broker.DeleteQueue(vhost, "q@q"))
		_, err := broker.GetQueue(vhost, "q@q")
		absent(err, "after the deletion")
	})
}

// keyOf is the last part of where the broker says the binding is: the provider keeps it and looks
// for it in listings.
func keyOf(answer *http.Response, err error) string {
	done(answer, err)
	parts := strings.Split(answer.Header.Get("Location"), "/")
	return cases.Got(url.PathUnescape(parts[len(parts)-1]))
}

func oneBinding(broker *cases.Broker, vhost string, binding rabbithole.BindingInfo,
	list func() ([]rabbithole.BindingInfo, error)) {
	binding.PropertiesKey = keyOf(broker.DeclareBinding(vhost, binding))
	cases.True(binding.PropertiesKey != "", "no key for %+v", binding)
	found := cases.Find(cases.Got(list()), func(one rabbithole.BindingInfo) bool {
		return one.PropertiesKey == binding.PropertiesKey && one.Source == binding.Source &&
			one.Destination == binding.Destination && one.DestinationType == binding.DestinationType
	}, "the binding with the key "+binding.PropertiesKey)
	cases.Equal(found.RoutingKey, binding.RoutingKey, "routing key")
	cases.Equal(len(found.Arguments), len(binding.Arguments), "arguments")
	// It knows the names and the key only.
	done(broker.DeleteBinding(vhost, rabbithole.BindingInfo{Source: binding.Source, Vhost: vhost,
		Destination: binding.Destination, DestinationType: binding.DestinationType,
		PropertiesKey: binding.PropertiesKey}))
	for _, one := range cases.Got(list()) {
		cases.True(one.PropertiesKey != binding.PropertiesKey, "still there: %+v", one)
	}
}

func bindingToQueue(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		done(broker.DeclareQueue(vhost, "q", rabbithole.QueueSettings{Durable: true}))
		list := func() ([]rabbithole.BindingInfo, error) {
			return broker.ListQueueBindingsBetween(vhost, "amq.headers", "q")
		}
		for _, one := range []rabbithole.BindingInfo{
			{RoutingKey: ""}, {RoutingKey: "#"}, {RoutingKey: "a.b"}, {RoutingKey: "ž~š"},
			{RoutingKey: "k", Arguments: map[string]any{"x-match": "all", "n": 1, "b": true}},
			{Arguments: map[string]any{"key": "value"}},
		} {
			one.Source, one.Destination, one.DestinationType = "amq.headers", "q", "queue"
			oneBinding(broker, vhost, one, list)
		}
	})
}

func bindingToExchange(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		oneBinding(broker, vhost, rabbithole.BindingInfo{Source: "amq.topic",
			Destination: "amq.fanout", DestinationType: "exchange", RoutingKey: "a.*"},
			func() ([]rabbithole.BindingInfo, error) {
				return broker.ListExchangeBindingsBetween(vhost, "amq.topic", "amq.fanout")
			})
	})
}

func policy(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		put := rabbithole.Policy{Pattern: ".*", ApplyTo: "all", Priority: 0,
			Definition: rabbithole.PolicyDefinition{"max-length": 5, "overflow": "reject-publish"}}
		done(broker.PutPolicy(vhost, "p", put))
		got := cases.Got(broker.GetPolicy(vhost, "p"))
		cases.Equal(*got, rabbithole.Policy{Vhost: vhost, Name: "p", Pattern: ".*", ApplyTo: "all",
			Definition: rabbithole.PolicyDefinition{"max-length": 5.,
				"overflow": "reject-publish"}}, "read")
		put.Pattern, put.ApplyTo, put.Priority = "^b", "exchanges", 9
		put.Definition = rabbithole.PolicyDefinition{"alternate-exchange": "amq.fanout"}
		done(broker.PutPolicy(vhost, "p", put))
		got = cases.Got(broker.GetPolicy(vhost, "p"))
		cases.True(got.Pattern == "^b" && got.ApplyTo == "exchanges" && got.Priority == 9,
			"read again: %+v", got)
		done(broker.DeletePolicy(vhost, "p"))
		_, err := broker.GetPolicy(vhost, "p")
		absent(err, "after the deletion")
	})
}

func operatorPolicy(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		for _, limit := range []int{5, 6} {
			done(broker.PutOperatorPolicy(vhost, "p", rabbithole.OperatorPolicy{Pattern: ".*",
				ApplyTo: "queues", Definition: rabbithole.PolicyDefinition{"max-length": limit}}))
			got := cases.Got(broker.GetOperatorPolicy(vhost, "p"))
			cases.Equal(got.Definition, rabbithole.PolicyDefinition{"max-length": float64(limit)},
				"read")
		}
		done(broker.DeleteOperatorPolicy(vhost, "p"))
		_, err := broker.GetOperatorPolicy(vhost, "p")
		absent(err, "after the deletion")
	})
}

// A second deletion is no error: the answer with 404 counts as success.
func gone(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		for _, answer := range []*http.Response{
			cases.Got(broker.DeleteQueue(vhost, "q")), cases.Got(broker.DeleteExchange(vhost, "x")),
			cases.Got(broker.DeletePolicy(vhost, "p")),
			cases.Got(broker.DeleteVhost(cases.Name("vhost"))),
			cases.Got(broker.DeleteUser(cases.Name("user"))),
		} {
			cases.Equal(answer.StatusCode, http.StatusNotFound, answer.Request.URL.Path)
		}
	})
}
