// Objects that are declared, changed and deleted by the management API.

import com.rabbitmq.http.client.Client;
import com.rabbitmq.http.client.GetAckMode;
import com.rabbitmq.http.client.GetEncoding;
import com.rabbitmq.http.client.domain.BindingInfo;
import com.rabbitmq.http.client.domain.Definitions;
import com.rabbitmq.http.client.domain.DeleteQueueParameters;
import com.rabbitmq.http.client.domain.DestinationType;
import com.rabbitmq.http.client.domain.DetailsParameters;
import com.rabbitmq.http.client.domain.ExchangeInfo;
import com.rabbitmq.http.client.domain.InboundMessage;
import com.rabbitmq.http.client.domain.OutboundMessage;
import com.rabbitmq.http.client.domain.Page;
import com.rabbitmq.http.client.domain.PolicyInfo;
import com.rabbitmq.http.client.domain.QueryParameters;
import com.rabbitmq.http.client.domain.QueueInfo;
import com.rabbitmq.http.client.domain.TopicPermissions;
import com.rabbitmq.http.client.domain.UserPermissions;
import com.rabbitmq.http.client.domain.VhostInfo;
import java.time.Duration;
import java.util.List;
import java.util.Map;

final class ObjectCases {
  private final Broker broker;
  private final Client client;

  ObjectCases(Broker broker) {
    this.broker = broker;
    this.client = broker.client;
  }

  void addTo(Cases cases) {
    cases.add("vhosts", this::vhosts);
    cases.add("users", this::users);
    cases.add("permissions", this::permissions);
    cases.add("topic_permissions", this::topicPermissions);
    cases.add("exchanges", this::exchanges);
    cases.add("queues", this::queues);
    cases.add("queues_by_pages", this::queuesByPages);
    cases.add("queue_details", this::queueDetails);
    cases.add("messages", this::messages);
    cases.add("bindings", this::bindings);
    cases.add("policies", this::policies);
    cases.add("limits", this::limits);
    cases.add("definitions", this::definitions);
    cases.add("shovels_and_federation", this::shovelsAndFederation);
    cases.add("refusals", this::refusals);
  }

  private void vhosts() {
    String name = Cases.name("vhost");
    client.createVhost(name, true, "some words", "one", "two");
    VhostInfo got = client.getVhost(name);
    Cases.check(got.isTracing() && got.getDescription().equals("some words")
        && got.getTags().equals(List.of("one", "two")), got);
    client.createVhost(name, false, "other words");
    Cases.check(!client.getVhost(name).isTracing(), "tracing");
    Cases.check(client.getVhosts().stream().anyMatch(one -> one.getName().equals(name)), "all");
    client.deleteVhost(name);
    Cases.equal(client.getVhost(name), null, "after the deletion");
  }

  private void users() throws Exception {
    String name = Cases.name("user");
    client.createUser(name, "first".toCharArray(), List.of("management", "policymaker"));
    try {
      Cases.equal(client.getUser(name).getTags(), List.of("management", "policymaker"), "tags");
      Cases.check(client.getUser(name).getHashingAlgorithm().contains("sha256"), "algorithm");
      client.updateUser(name, "second".toCharArray(), List.of("management"));
      Client other = broker.login(name, "second");
      Cases.equal(other.whoAmI().getTags(), List.of("management"), "tags of itself");
      client.createUserWithPasswordHash(name, client.getUser("guest").getPasswordHash()
          .toCharArray(), List.of("monitoring"));
      Cases.equal(Broker.statusOf(other::whoAmI), 401, "the old password");
      Cases.check(client.getUsers().stream().anyMatch(one -> one.getName().equals(name)), "all");
    } finally {
      client.deleteUser(name);
    }
    Cases.equal(client.getUser(name), null, "after the deletion");
  }

  private void permissions() throws Exception {
    broker.inVhost(vhost -> {
      client.updatePermissions(vhost, "guest", new UserPermissions("^r", "^w", "^c"));
      UserPermissions got = client.getPermissions(vhost, "guest");
      Cases.check(got.getConfigure().equals("^c") && got.getWrite().equals("^w")
          && got.getRead().equals("^r") && got.getVhost().equals(vhost), got);
      Cases.equal(client.getPermissionsIn(vhost).size(), 1, "in the vhost");
      Cases.check(client.getPermissionsOf("guest").size() >= 2, "of the user");
      Cases.check(client.getPermissions().size() >= 2, "all");
      client.clearPermissions(vhost, "guest");
      Cases.equal(client.getPermissions(vhost, "guest"), null, "after the deletion");
      Cases.equal(client.getPermissionsIn("management.nobody"), null, "of no vhost");
    });
  }

  private void topicPermissions() throws Exception {
    broker.inVhost(vhost -> {
      client.updateTopicPermissions(vhost, "guest", new TopicPermissions("amq.topic", "^r", "^w"));
      TopicPermissions got = client.getTopicPermissions(vhost, "guest").get(0);
      Cases.check(got.getExchange().equals("amq.topic") && got.getUser().equals("guest"), got);
      Cases.equal(client.getTopicPermissionsIn(vhost).size(), 1, "in the vhost");
      Cases.equal(client.getTopicPermissionsOf("guest").size(), 1, "of the user");
      Cases.check(!client.getTopicPermissions().isEmpty(), "all");
      client.clearTopicPermissions(vhost, "guest");
      Cases.equal(client.getTopicPermissions(vhost, "guest"), null, "after the deletion");
    });
  }

  private void exchanges() throws Exception {
    broker.inVhost(vhost -> {
      ExchangeInfo wanted = new ExchangeInfo("fanout", false, true, true,
          Map.of("alternate-exchange", "amq.direct"));
      client.declareExchange(vhost, "x/y", wanted);
      client.declareExchange(vhost, "x/y", wanted);
      ExchangeInfo got = client.getExchange(vhost, "x/y");
      Cases.check(got.getType().equals("fanout") && !got.isDurable() && got.isAutoDelete()
          && got.isInternal() && got.getVhost().equals(vhost), got);
      Cases.equal(got.getArguments(), Map.of("alternate-exchange", "amq.direct"), "arguments");
      Cases.check(client.getExchanges(vhost).size() >= 8, "in the vhost");
      Cases.check(client.getExchanges().size() >= 15, "all");
      Cases.equal(client.getExchanges(vhost, new QueryParameters().name("^x", true).pagination()
          .query()).getFilteredCount(), 1, "filtered");
      client.deleteExchange(vhost, "x/y");
      Cases.equal(client.getExchange(vhost, "x/y"), null, "after the deletion");
      Cases.equal(client.getExchanges("management.nobody"), null, "of no vhost");
    });
  }

  private void queues() throws Exception {
    broker.inVhost(vhost -> {
      QueueInfo wanted = new QueueInfo(true, false, false, Map.of("x-max-length", 5));
      client.declareQueue(vhost, "a b+c", wanted);
      client.declareQueue(vhost, "a b+c", wanted);
      QueueInfo got = client.getQueue(vhost, "a b+c");
      Cases.check(got.isDurable() && !got.isAutoDelete() && !got.isExclusive()
          && got.getType().equals("classic") && got.getVhost().equals(vhost), got);
      Cases.equal(got.getArguments(), Map.of("x-max-length", 5), "arguments");
      Cases.equal(Broker.statusOf(() -> client.declareQueue(vhost, "a b+c",
          new QueueInfo(false, false, false))), 400, "another durability");
      Cases.equal(client.getQueues(vhost).size(), 1, "in the vhost");
      Cases.check(client.getQueues().stream().anyMatch(one -> one.getVhost().equals(vhost)), "all");
      client.purgeQueue(vhost, "a b+c");
      client.deleteQueue(vhost, "a b+c", new DeleteQueueParameters(true, true));
      Cases.equal(client.getQueue(vhost, "a b+c"), null, "after the deletion");
      Cases.equal(client.getQueues("management.nobody"), null, "of no vhost");
    });
  }

  private void queuesByPages() throws Exception {
    broker.inVhost(vhost -> {
      for (String name : List.of("one", "two", "three")) {
        client.declareQueue(vhost, name, new QueueInfo(false, false, false));
      }
      QueryParameters query = new QueryParameters();
      query.pagination().pageSize(2).nextPage(new Page<>());
      Page<QueueInfo> page = client.getQueues(vhost, query);
      Cases.check(page.getPage() == 1 && page.getPageCount() == 2 && page.getTotalCount() == 3
          && page.getItemCount() == 2, page.getPage() + " of " + page.getPageCount());
      page = client.getQueues(vhost, query.pagination().nextPage(page).query());
      Cases.equal(page.getItemCount(), 1, "the last page");
      page = client.getQueues(vhost, new QueryParameters().name("^t", true).columns().add("name")
          .query());
      Cases.equal(page.getFilteredCount(), 2, "filtered");
      Cases.equal(page.getItems()[0].getVhost(), null, "a column that was not asked for");
    });
  }

  private void queueDetails() throws Exception {
    DetailsParameters details = new DetailsParameters()
        .messageRates(Duration.ofSeconds(60), Duration.ofSeconds(5))
        .lengths(Duration.ofSeconds(60), Duration.ofSeconds(5));
    Cases.within(() -> {
      QueueInfo one = client.getQueue("/", "management.traffic", details);
      return one.getMessageStats() != null && one.getMessageStats().getBasicDeliver() > 0
          && one.getConsumerDetails() != null && one.getConsumerDetails().size() == 1
          && one.getMessagesDetails() != null && one.getMessagesDetails().getSamples() != null
          && one.getMessageStats().getBasicPublishDetails().getSamples().size() > 5;
    }, "numbers and samples");
    Cases.check(!client.getQueues("/", details).isEmpty(), "of all queues");
  }

  private void messages() throws Exception {
    broker.inVhost(vhost -> {
      client.declareQueue(vhost, "q", new QueueInfo(false, false, false));
      OutboundMessage message = new OutboundMessage().payload("žluťoučký").utf8Encoded()
          .properties(Map.of("delivery_mode", 2, "headers", Map.of("n", 1)));
      Cases.check(client.publish(vhost, "amq.direct", "q", message) == false, "to nobody");
      client.bindQueue(vhost, "q", "amq.direct", "q");
      for (int i = 0; i < 3; i++) {
        Cases.check(client.publish(vhost, "amq.direct", "q", message), "routed");
      }
      InboundMessage first = client.get(vhost, "q");
      Cases.check(first.getPayload().equals("žluťoučký") && !first.isRedelivered()
          && first.getRoutingKey().equals("q") && first.getMessageCount() == 2
          && first.getPayloadBytes() == 13 && first.getPayloadEncoding().equals("string"),
          first.getPayload());
      Cases.equal(first.getProperties(), Map.of("delivery_mode", 2, "headers", Map.of("n", 1)),
          "properties");
      List<InboundMessage> got = client.get(vhost, "q", 5, GetAckMode.ACK_REQUEUE_FALSE,
          GetEncoding.BASE64, 4);
      Cases.equal(got.size(), 3, "messages");
      Cases.equal(got.get(1).getPayload().length(), 8, "a truncated payload");
      Cases.equal(client.get(vhost, "q"), null, "an empty queue");
    });
  }

  private void bindings() throws Exception {
    broker.inVhost(vhost -> {
      client.declareQueue(vhost, "q", new QueueInfo(false, false, false));
      client.bindQueue(vhost, "q", "amq.topic", "a.#");
      client.bindQueue(vhost, "q", "amq.headers", "", Map.of("x-match", "all", "n", 1));
      client.bindExchange(vhost, "amq.fanout", "amq.topic", "k");
      Cases.equal(client.getBindings(vhost).size(), 4, "in the vhost");
      Cases.check(client.getBindings().size() >= 4, "all");
      Cases.equal(client.getQueueBindings(vhost, "q").size(), 3, "of the queue");
      Cases.equal(client.getBindingsBySource(vhost, "amq.topic").size(), 2, "by source");
      Cases.equal(client.getExchangeBindingsByDestination(vhost, "amq.fanout").size(), 1, "to it");
      Cases.equal(client.getExchangeBindingsBetween(vhost, "amq.topic", "amq.fanout").get(0)
          .getDestinationType(), DestinationType.EXCHANGE, "type");
      BindingInfo one = client.getQueueBindingsBetween(vhost, "amq.topic", "q").get(0);
      Cases.check(one.getRoutingKey().equals("a.#") && one.getSource().equals("amq.topic")
          && one.getPropertiesKey() != null, one);
      client.unbindQueue(vhost, "q", "amq.topic", one.getPropertiesKey());
      client.unbindExchange(vhost, "amq.fanout", "amq.topic", "k");
      Cases.equal(client.getBindings(vhost).size(), 2, "after that");
    });
  }

  private void policies() throws Exception {
    broker.inVhost(vhost -> {
      PolicyInfo wanted = new PolicyInfo("^a", 7, "queues", Map.of("max-length", 5));
      client.declarePolicy(vhost, "p", wanted);
      client.declareOperatorPolicy(vhost, "o", wanted);
      for (List<PolicyInfo> in : List.of(client.getPolicies(vhost),
          client.getOperatorPolicies(vhost))) {
        Cases.equal(in.size(), 1, "policies of the vhost");
        Cases.check(in.get(0).getPriority() == 7 && in.get(0).getPattern().equals("^a")
            && in.get(0).getApplyTo().equals("queues"), in.get(0));
      }
      Cases.check(!client.getPolicies().isEmpty(), "all policies");
      Cases.check(!client.getOperatorPolicies().isEmpty(), "all operator policies");
      client.deletePolicy(vhost, "p");
      client.deleteOperatorPolicy(vhost, "o");
      Cases.equal(client.getPolicies(vhost).size(), 0, "after the deletion");
      Cases.equal(client.getPolicies("management.nobody"), null, "of no vhost");
    });
  }

  private void limits() throws Exception {
    broker.inVhost(vhost -> {
      client.limitMaxNumberOfConnections(vhost, 5);
      client.limitMaxNumberOfQueues(vhost, 6);
      Cases.equal(client.getVhostLimits(vhost).getMaxConnections(), 5, "connections");
      Cases.equal(client.getVhostLimits(vhost).getMaxQueues(), 6, "queues");
      Cases.check(client.getVhostLimits().stream().anyMatch(
          one -> vhost.equals(one.getVhost())), "all");
      client.clearMaxConnectionsLimit(vhost);
      client.clearMaxQueuesLimit(vhost);
      Cases.equal(client.getVhostLimits(vhost).getMaxQueues(), -1, "no limit");
    });
  }

  private void definitions() throws Exception {
    broker.inVhost(vhost -> {
      client.declareQueue(vhost, "q", new QueueInfo(true, false, false));
      Definitions all = client.getDefinitions();
      Cases.check(all.getServerVersion() != null && !all.getUsers().isEmpty()
          && !all.getPermissions().isEmpty() && all.getParameters() != null
          && all.getTopicPermissions() != null && !all.getGlobalParameters().isEmpty(), "parts");
      Cases.check(all.getVhosts().stream().anyMatch(one -> one.getName().equals(vhost)), "vhost");
      Cases.check(all.getQueues().stream().anyMatch(one -> one.getVhost().equals(vhost)), "queue");
      Cases.check(all.getBindings() != null && all.getExchanges() != null, "exchanges");
    });
  }

  private void shovelsAndFederation() throws Exception {
    broker.inVhost(vhost -> {
      Cases.check(client.getShovels() != null && client.getShovels(vhost).isEmpty(), "shovels");
      Cases.check(client.getShovelsStatus().isEmpty(), "states of shovels");
      Cases.check(client.getUpstreams() != null, "all upstreams");
      Cases.check(client.getUpstreams(vhost).isEmpty(), "upstreams");
      Cases.check(client.getUpstreamSets() != null && client.getUpstreamSets(vhost).isEmpty(),
          "sets of upstreams");
    });
  }

  private void refusals() throws Exception {
    Client wrong = broker.login("guest", "wrong");
    Cases.equal(Broker.statusOf(wrong::getOverview), 401, "a wrong password");
    Cases.equal(client.getConnection("management.nobody"), null, "no such connection");
    client.deleteQueue("/", "management.nobody"); // the client takes 404 for success
    Cases.equal(Broker.statusOf(() -> client.declareExchange("/", "management.x",
        new ExchangeInfo("nothing", false, false))), 400, "no such type");
  }
}
