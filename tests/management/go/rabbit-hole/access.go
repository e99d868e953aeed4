// Users, permissions and limits, as rabbit-hole declares, reads and deletes them.

package main

import (
	"net/http"

	"lepus/management/cases"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
)

var accessCases = []entry{
	{"users", users}, {"users_without_permissions", usersWithoutPermissions},
	{"whoami", whoami}, {"permissions", permissions}, {"topic_permissions", topicPermissions},
	{"user_limits", userLimits}, {"vhost_limits", vhostLimits},
}

// withUser calls `run` with a user of its own.
func withUser(broker *cases.Broker, settings rabbithole.UserSettings, run func(name string)) {
	name := cases.Name("user")
	status(cases.Got(broker.PutUser(name, settings)), 201, "a new user")
	defer broker.DeleteUser(name)
	run(name)
}

func users(broker *cases.Broker) {
	tags := rabbithole.UserTags{"policymaker", "management"}
	withUser(broker, rabbithole.UserSettings{Password: "secret", Tags: tags}, func(name string) {
		one := cases.Got(broker.GetUser(name))
		cases.Equal(one.Tags, tags, "tags")
		cases.Equal(one.HashingAlgorithm, rabbithole.HashingAlgorithmSHA256, "algorithm")
		cases.True(len(one.PasswordHash) > 20, "hash %q", one.PasswordHash)
		cases.Find(cases.Got(broker.ListUsers()),
			func(one rabbithole.UserInfo) bool { return one.Name == name }, "among all")
		hash := rabbithole.Base64EncodedSaltedPasswordHashSHA256("another")
		status(cases.Got(broker.PutUser(name, rabbithole.UserSettings{PasswordHash: hash,
			HashingAlgorithm: rabbithole.HashingAlgorithmSHA256, Tags: tags})), 204, "by a hash")
		other := cases.Got(rabbithole.NewClient(broker.URL, name, "another"))
		cases.Equal(cases.Got(other.Whoami()).Name, name, "login by the new password")
		status(cases.Got(broker.PutUserWithoutPassword(name, rabbithole.UserSettings{})), 204,
			"without password")
		cases.Equal(cases.Got(broker.GetUser(name)).PasswordHash, "", "no hash")
		_, err := other.Whoami()
		cases.True(err != nil, "a user without password has logged in")
		status(cases.Got(broker.DeleteUser(name)), 204, "delete")
	})
}

func usersWithoutPermissions(broker *cases.Broker) {
	settings := rabbithole.UserSettings{Password: "secret"}
	withUser(broker, settings, func(first string) {
		withUser(broker, settings, func(second string) {
			for _, name := range []string{first, second} {
				cases.Find(cases.Got(broker.ListUsersWithoutPermissions()),
					func(one rabbithole.UserInfo) bool { return one.Name == name }, name)
			}
			status(cases.Got(broker.BulkDeleteUsers([]string{first, second})), 204, "both")
			_, err := broker.GetUser(second)
			cases.Refused(err, http.StatusNotFound, "after that")
		})
	})
}

func whoami(broker *cases.Broker) {
	one := cases.Got(broker.Whoami())
	cases.Equal(one.Name, "guest", "name")
	cases.Equal(one.Tags, rabbithole.UserTags{"administrator"}, "tags")
}

func permissions(broker *cases.Broker) {
	withUser(broker, rabbithole.UserSettings{Password: "secret"}, func(name string) {
		cases.InVhost(broker, func(vhost string) {
			wanted := rabbithole.PermissionInfo{User: name, Vhost: vhost, Configure: "^a",
				Write: ".*", Read: ""}
			put := rabbithole.Permissions{Configure: "^a", Write: ".*", Read: ""}
			status(cases.Got(broker.UpdatePermissionsIn(vhost, name, put)), 201, "new ones")
			status(cases.Got(broker.UpdatePermissionsIn(vhost, name, put)), 204, "again")
			cases.Equal(cases.Got(broker.GetPermissionsIn(vhost, name)), wanted, "permissions")
			cases.Equal(cases.Got(broker.ListPermissionsOf(name)),
				[]rabbithole.PermissionInfo{wanted}, "of the user")
			cases.Find(cases.Got(broker.ListPermissions()),
				func(one rabbithole.PermissionInfo) bool { return one == wanted }, "among all")
			put.Read = "("
			_, err := broker.UpdatePermissionsIn(vhost, name, put)
			cases.True(err != nil, "what is no regular expression was taken")
			status(cases.Got(broker.ClearPermissionsIn(vhost, name)), 204, "clear")
			_, err = broker.GetPermissionsIn(vhost, name)
			cases.Refused(err, http.StatusNotFound, "after that")
		})
	})
}

func topicPermissions(broker *cases.Broker) {
	withUser(broker, rabbithole.UserSettings{Password: "secret"}, func(name string) {
		cases.InVhost(broker, func(vhost string) {
			put := rabbithole.TopicPermissions{Exchange: "amq.topic", Write: "^a", Read: ".*"}
			status(cases.Got(broker.UpdateTopicPermissionsIn(vhost, name, put)), 201, "new ones")
			put.Exchange = "other" // RabbitMQ says 204 since the user has some in this vhost
			cases.Got(broker.UpdateTopicPermissionsIn(vhost, name, put))
			got := cases.Got(broker.GetTopicPermissionsIn(vhost, name))
			cases.Equal(len(got), 2, "permissions")
			wanted := rabbithole.TopicPermissionInfo{User: name, Vhost: vhost,
				Exchange: "amq.topic", Write: "^a", Read: ".*"}
			isWanted := func(one rabbithole.TopicPermissionInfo) bool { return one == wanted }
			cases.Find(got, isWanted, "of the user in the vhost")
			cases.Find(cases.Got(broker.ListTopicPermissionsOf(name)), isWanted, "of the user")
			cases.Find(cases.Got(broker.ListTopicPermissions()), isWanted, "among all")
			status(cases.Got(broker.DeleteTopicPermissionsIn(vhost, name, "other")), 204, "one")
			cases.Equal(cases.Got(broker.GetTopicPermissionsIn(vhost, name)),
				[]rabbithole.TopicPermissionInfo{wanted}, "after that")
			status(cases.Got(broker.ClearTopicPermissionsIn(vhost, name)), 204, "all")
			_, err := broker.GetTopicPermissionsIn(vhost, name)
			cases.Refused(err, http.StatusNotFound, "none is left")
		})
	})
}

func userLimits(broker *cases.Broker) {
	withUser(broker, rabbithole.UserSettings{Password: "secret"}, func(name string) {
		values := rabbithole.UserLimitsValues{"max-connections": 3, "max-channels": 7}
		cases.Got(broker.PutUserLimits(name, values))
		wanted := []rabbithole.UserLimitsInfo{{User: name, Value: values}}
		cases.Equal(cases.Got(broker.GetUserLimits(name)), wanted, "limits")
		cases.Find(cases.Got(broker.GetAllUserLimits()),
			func(one rabbithole.UserLimitsInfo) bool { return one.User == name }, "among all")
		cases.Got(broker.DeleteUserLimits(name, rabbithole.UserLimits{"max-channels"}))
		cases.Equal(cases.Got(broker.GetUserLimits(name))[0].Value,
			rabbithole.UserLimitsValues{"max-connections": 3}, "what is left")
	})
}

func vhostLimits(broker *cases.Broker) {
	cases.InVhost(broker, func(vhost string) {
		values := rabbithole.VhostLimitsValues{"max-connections": 3, "max-queues": 0}
		cases.Got(broker.PutVhostLimits(vhost, values))
		wanted := []rabbithole.VhostLimitsInfo{{Vhost: vhost, Value: values}}
		cases.Equal(cases.Got(broker.GetVhostLimits(vhost)), wanted, "limits")
		cases.Find(cases.Got(broker.GetAllVhostLimits()),
			func(one rabbithole.VhostLimitsInfo) bool { return one.Vhost == vhost }, "among all")
		_, err := broker.DeclareQueue(vhost, "q", rabbithole.QueueSettings{})
		cases.True(err != nil, "a queue above the limit")
		cases.Got(broker.DeleteVhostLimits(vhost, rabbithole.VhostLimits{"max-queues"}))
		cases.Got(broker.DeclareQueue(vhost, "q", rabbithole.QueueSettings{}))
		cases.Equal(cases.Got(broker.GetVhostLimits(vhost))[0].Value,
			rabbithole.VhostLimitsValues{"max-connections": 3}, "what is left")
	})
}
