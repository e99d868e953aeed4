import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.ShutdownSignalException;
import com.rabbitmq.http.client.Client;
import com.rabbitmq.http.client.ClientParameters;
import com.rabbitmq.http.client.GetAckMode;
import com.rabbitmq.http.client.GetEncoding;
import com.rabbitmq.http.client.HttpClientException;
import com.rabbitmq.http.client.HttpServerException;
import com.rabbitmq.http.client.domain.BindingInfo;
import com.rabbitmq.http.client.domain.ChannelInfo;
import com.rabbitmq.http.client.domain.ConnectionInfo;
import com.rabbitmq.http.client.domain.ConsumerDetails;
import com.rabbitmq.http.client.domain.Definitions;
import com.rabbitmq.http.client.domain.DeleteQueueParameters;
import com.rabbitmq.http.client.domain.DestinationType;
import com.rabbitmq.http.client.domain.DetailsParameters;
import com.rabbitmq.http.client.domain.ExchangeInfo;
import com.rabbitmq.http.client.domain.InboundMessage;
import com.rabbitmq.http.client.domain.NodeInfo;
import com.rabbitmq.http.client.domain.OutboundMessage;
import com.rabbitmq.http.client.domain.OverviewResponse;
import com.rabbitmq.http.client.domain.Page;
import com.rabbitmq.http.client.domain.PolicyInfo;
import com.rabbitmq.http.client.domain.QueryParameters;
import com.rabbitmq.http.client.domain.QueueInfo;
import com.rabbitmq.http.client.domain.TopicPermissions;
import com.rabbitmq.http.client.domain.UserPermissions;
import com.rabbitmq.http.client.domain.VhostInfo;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Calls RabbitMQ's Java client of the management API (com.rabbitmq:http-client) as its own tests do:
 * URL AMQP_PORT METRICS_URL DIR. Its domain classes have types for all fields.
 */
public final class HttpClient {
  private interface InVhost {
    void run(String vhost) throws Exception;
  }

  private final Client client;
  private final String url;
  private final int amqpPort;

  private HttpClient(String url, int amqpPort) throws Exception {
    this.url = url;
    this.amqpPort = amqpPort;
    client = new Client(new ClientParameters().url(url + "/api/").username("guest")
        .password("guest"));
  }

  public static void main(String[] arguments) throws Exception {
    HttpClient test = new HttpClient(arguments[0], Integer.parseInt(arguments[1]));
    Cases cases = new Cases();
    cases.add("overview", test::overview);
    cases.add("nodes", test::nodes);
    cases.add("whoami", test::whoami);
    cases.add("aliveness", test::aliveness);
    cases.add("cluster_name", test::clusterName);
    cases.add("extensions", test::extensions);
    cases.add("connections", test::connections);
    cases.add("channels", test::channels);
    cases.add("consumers", test::consumers);
    cases.add("closes_a_connection", test::closesConnection);
    cases.add("closes_connections_of_a_user", test::closesConnectionsOfUser);
    cases.add("vhosts", test::vhosts);
    cases.add("users", test::users);
    cases.add("permissions", test::permissions);
    cases.add("topic_permissions", test::topicPermissions);
    cases.add("exchanges", test::exchanges);
    cases.add("queues", test::queues);
    cases.add("queues_by_pages", test::queuesByPages);
    cases.add("queue_details", test::queueDetails);
    cases.add("messages", test::messages);
    cases.add("bindings", test::bindings);
    cases.add("policies", test::policies);
    cases.add("limits", test::limits);
    cases.add("definitions", test::definitions);
    cases.add("shovels_and_federation", test::shovelsAndFederation);
    cases.add("refusals", test::refusals);
    cases.run();
  }

  private void inVhost(InVhost run) throws Exception {
    String vhost = Cases.name("vhost");
    client.createVhost(vhost);
    try {
      client.updatePermissions(vhost, "guest", new UserPermissions(".*", ".*", ".*"));
      run.run(vhost);
    } finally {
      client.deleteVhost(vhost);
    }
  }

  private Connection connect(String user, String password, String name) throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost(URI.create(url).getHost());
    factory.setPort(amqpPort);
    factory.setUsername(user);
    factory.setPassword(password);
    factory.setAutomaticRecoveryEnabled(false);
    return factory.newConnection(name);
  }

  /** Connections by the name that the client gave; statistics come a moment later. */
  private List<ConnectionInfo> named(String name) {
    return client.getConnections().stream().filter(one -> one.getClientProperties() != null
        && name.equals(one.getClientProperties().getConnectionName())
        && "running".equals(one.getState())).toList();
  }

  private static int statusOf(Cases.Case call) throws Exception {
    try {
      call.run();
      return 200;
    } catch (HttpClientException error) {
      return error.status();
    } catch (HttpServerException error) {
      return error.status();
    }
  }

  private void overview() throws Exception {
    Cases.within(() -> client.getOverview().getMessageStats().getBasicPublish() > 0, "counted");
    OverviewResponse got = client.getOverview();
    Cases.check(got.getNode().contains("@"), got.getNode());
    Cases.check(got.getServerVersion().matches("\\d+\\.\\d+.*"), got.getServerVersion());
    Cases.check(got.getManagementPluginVersion() != null && got.getErlangVersion() != null
        && got.getFullErlangVersion() != null && got.getClusterName() != null, "versions");
    Cases.equal(got.getRatesMode(), "basic", "rates mode");
    Cases.check(got.getExchangeTypes().stream().anyMatch(one -> one.getName().equals("topic")
        && one.isEnabled() && !one.getDescription().isEmpty()), got.getExchangeTypes());
    Cases.check(got.getListeners().stream().anyMatch(one -> one.getProtocol().equals("amqp")
        && one.getPort() == amqpPort && one.getIpAddress() != null), got.getListeners());
    Cases.check(!got.getContexts().isEmpty() && got.getContexts().get(0).getPort() > 0, "contexts");
    Cases.check(got.getObjectTotals().getQueues() >= 3 && got.getObjectTotals().getConsumers() >= 2
        && got.getObjectTotals().getChannels() >= 3, got.getObjectTotals());
    Cases.check(got.getQueueTotals().getMessagesDetails() != null, got.getQueueTotals());
    Cases.check(got.getStatisticsDBEventQueueLength() >= 0, "event queue");
  }

  private void nodes() {
    List<NodeInfo> all = client.getNodes();
    Cases.equal(all.size(), 1, "nodes");
    for (NodeInfo one : List.of(all.get(0), client.getNode(all.get(0).getName()))) {
      Cases.check(one.isRunning() && one.isDiskNode() && !one.getOsPid().isEmpty(), one);
      Cases.check(one.getMemoryUsed() > 0 && one.getMemoryLimit() > 0, one);
      Cases.check(one.getFileDescriptorsTotal() > one.getFileDescriptorsUsed(), one);
      Cases.check(one.getErlangProcessesTotal() > one.getErlangProcessesUsed(), one);
      Cases.check(one.getUptime() > 0 && one.getNumberOfProcessors() > 0, one);
      Cases.check(!one.isMemoryAlarmActive() && !one.isDiskAlarmActive(), one);
      Cases.check(one.getDiskFree() > one.getDiskFreeLimit(), one);
      Cases.check(one.getAuthMechanisms().stream().anyMatch(m -> m.getName().equals("PLAIN")), one);
      Cases.check(!one.getExchangeTypes().isEmpty() && one.getEnabledPlugins() != null
          && one.getErlangApps() != null && one.getPluginContexts() != null, one);
      Cases.check(one.getConfigFilePaths() != null && one.getDbDirectoryPath() != null, one);
    }
  }

  private void whoami() {
    Cases.equal(client.whoAmI().getName(), "guest", "name");
    Cases.equal(client.whoAmI().getTags(), List.of("administrator"), "tags");
  }

  private void aliveness() {
    Cases.check(client.alivenessTest("/"), "the aliveness test failed");
  }

  private void clusterName() {
    String before = client.getClusterName().getName();
    client.setClusterName("management@java");
    Cases.equal(client.getClusterName().getName(), "management@java", "name");
    client.setClusterName(before);
  }

  private void extensions() {
    Cases.check(client.getExtensions() != null, "no extensions");
  }

  private void connections() throws Exception {
    Cases.within(() -> named("management traffic").size() == 1, "the connection");
    ConnectionInfo listed = named("management traffic").get(0);
    ConnectionInfo one = client.getConnection(listed.getName());
    Cases.check(one.getUser().equals("guest") && one.getVhost().equals("/")
        && one.getProtocol().equals("AMQP 0-9-1") && one.getType().equals("network"), one);
    Cases.check(one.getPort() == amqpPort && one.getPeerPort() > 0 && one.getFrameMax() > 0
        && one.getChannelMax() > 0 && one.getConnectedAt() > 1_700_000_000_000L, one);
    Cases.check(!one.isUsesTLS() && one.getAuthMechanism().equals("PLAIN")
        && one.getClientProperties().getProduct() != null, one);
    Page<ConnectionInfo> page = client.getConnections(
        new QueryParameters().pagination().pageSize(1).query());
    Cases.equal(page.getItemsAsList().size(), 1, "connections of a page");
    Cases.check(page.getTotalCount() >= 2 && page.getPageCount() >= 2, page);
    Cases.check(client.getConnectionsOfUser("guest").stream().anyMatch(
        other -> other.getName().equals(one.getName())), "of the user");
  }

  private void channels() throws Exception {
    Cases.within(() -> named("management traffic").size() == 1, "the connection");
    String connection = named("management traffic").get(0).getName();
    Cases.within(() -> client.getChannels(connection).size() == 2, "channels of the connection");
    ChannelInfo one = client.getChannel(connection + " (1)");
    Cases.check(one.getNumber() == 1 && one.getUser().equals("guest") && one.getVhost().equals("/")
        && one.getConnectionDetails().getName().equals(connection), one);
    Cases.within(() -> client.getChannel(connection + " (1)").getConsumerCount() == 1, "consumer");
    Cases.within(() -> client.getChannel(connection + " (1)").getPrefetchCount() == 20, "prefetch");
    Cases.within(() -> client.getChannels().stream().anyMatch(ChannelInfo::usesPublisherConfirms),
        "a channel with confirms");
    Cases.within(() -> {
      ChannelInfo channel = client.getChannel(connection + " (1)");
      return channel.getMessageStats() != null && channel.getMessageStats().getAck() > 0
          && channel.getConsumerDetails().size() == 1;
    }, "acknowledgements are counted");
    Cases.equal(client.getChannels(new QueryParameters().pagination().pageSize(1).query())
        .getItemsAsList().size(), 1, "channels of a page");
  }

  private void consumers() {
    for (List<ConsumerDetails> all : List.of(client.getConsumers(), client.getConsumers("/"))) {
      ConsumerDetails one = all.stream()
          .filter(c -> c.getConsumerTag().equals("management-consumer")).findFirst().orElseThrow();
      Cases.check(one.getPrefetchCount() == 20 && one.isAckRequired() && !one.isExclusive()
          && one.isActive() && one.getQueueDetails().getName().equals("management.traffic")
          && one.getChannelDetails().getConnectionName() != null, one);
    }
  }

  private CompletableFuture<ShutdownSignalException> whenClosed(Connection link) {
    CompletableFuture<ShutdownSignalException> closed = new CompletableFuture<>();
    link.addShutdownListener(closed::complete);
    return closed;
  }

  private void closesConnection() throws Exception {
    String name = Cases.name("victim");
    CompletableFuture<ShutdownSignalException> closed = whenClosed(connect("guest", "guest", name));
    Cases.within(() -> named(name).size() == 1, "it is listed");
    client.closeConnection(named(name).get(0).getName(), "for a test");
    String reason = String.valueOf(closed.get(20, TimeUnit.SECONDS).getReason());
    Cases.check(reason.contains("for a test") && reason.contains("320"), reason);
    Cases.within(() -> named(name).isEmpty(), "it is not listed any more");
  }

  private void closesConnectionsOfUser() throws Exception {
    if (isBefore(3, 11)) return;
    String user = Cases.name("user");
    client.createUser(user, "secret".toCharArray(), List.of());
    try {
      client.updatePermissions("/", user, new UserPermissions("", "", ""));
      CompletableFuture<ShutdownSignalException> closed = whenClosed(connect(user, "secret", "x"));
      Cases.within(() -> client.getConnectionsOfUser(user).size() == 1, "it is listed");
      client.closeAllConnectionsOfUser(user);
      closed.get(20, TimeUnit.SECONDS);
    } finally {
      client.deleteUser(user);
    }
  }

  private boolean isBefore(int major, int minor) {
    String[] parts = client.getOverview().getServerVersion().split("\\.");
    int got = Integer.parseInt(parts[0]);
    return got < major || got == major && Integer.parseInt(parts[1]) < minor;
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
      Client other = new Client(new ClientParameters().url(url + "/api/").username(name)
          .password("second"));
      Cases.equal(other.whoAmI().getTags(), List.of("management"), "tags of itself");
      client.createUserWithPasswordHash(name, client.getUser("guest").getPasswordHash()
          .toCharArray(), List.of("monitoring"));
      Cases.equal(statusOf(other::whoAmI), 401, "the old password");
      Cases.check(client.getUsers().stream().anyMatch(one -> one.getName().equals(name)), "all");
    } finally {
      client.deleteUser(name);
    }
    Cases.equal(client.getUser(name), null, "after the deletion");
  }

  private void permissions() throws Exception {
    inVhost(vhost -> {
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
    inVhost(vhost -> {
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
    inVhost(vhost -> {
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
    inVhost(vhost -> {
      QueueInfo wanted = new QueueInfo(true, false, false, Map.of("x-max-length", 5));
      client.declareQueue(vhost, "a b+c", wanted);
      client.declareQueue(vhost, "a b+c", wanted);
      QueueInfo got = client.getQueue(vhost, "a b+c");
      Cases.check(got.isDurable() && !got.isAutoDelete() && !got.isExclusive()
          && got.getType().equals("classic") && got.getVhost().equals(vhost), got);
      Cases.equal(got.getArguments(), Map.of("x-max-length", 5), "arguments");
      Cases.equal(statusOf(() -> client.declareQueue(vhost, "a b+c",
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
    inVhost(vhost -> {
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
    inVhost(vhost -> {
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
    inVhost(vhost -> {
      client.declareQueue(vhost, "q", new QueueInfo(false, false, false));
      client.bindQueue(vhost, "q", "amq.topic", "a.#");
      client.bindQueue(vhost, "q", "amq.headers", "", Map.of("x-match", "all", "n", 1));
      client.bindExchange(vhost, "amq.fanout", "amq.topic", "k");
      Cases.equal(client.getBindings(vhost).size(), 4, "in the vhost");
      Cases.check(client.getBindings().size() >= 4, "all");
      Cases.equal(client.getQueueBindings(vhost, "q").size(), 3, "of the queue");
      Cases.equal(client.getBindingsBySource(vhost, "amq.topic").size(), 2, "by source");
      Cases.equal(client.getExchangeBindingsByDestination(vhost, "amq.fanout").size(), 1, "by dest");
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
    inVhost(vhost -> {
      PolicyInfo wanted = new PolicyInfo("^a", 7, "queues", Map.of("max-length", 5));
      client.declarePolicy(vhost, "p", wanted);
      client.declareOperatorPolicy(vhost, "o", wanted);
      for (List<PolicyInfo> in : List.of(client.getPolicies(vhost),
          client.getOperatorPolicies(vhost))) {
        Cases.equal(in.size(), 1, "policies of the vhost");
        Cases.check(in.get(0).getPriority() == 7 && in.get(0).getPattern().equals("^a")
            && in.get(0).getApplyTo().equals("queues"), in.get(0));
      }
      Cases.check(!client.getPolicies().isEmpty() && !client.getOperatorPolicies().isEmpty(), "all");
      client.deletePolicy(vhost, "p");
      client.deleteOperatorPolicy(vhost, "o");
      Cases.equal(client.getPolicies(vhost).size(), 0, "after the deletion");
      Cases.equal(client.getPolicies("management.nobody"), null, "of no vhost");
    });
  }

  private void limits() throws Exception {
    inVhost(vhost -> {
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
    inVhost(vhost -> {
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
    inVhost(vhost -> {
      Cases.check(client.getShovels() != null && client.getShovels(vhost).isEmpty(), "shovels");
      Cases.check(client.getShovelsStatus().isEmpty(), "states of shovels");
      Cases.check(client.getUpstreams() != null && client.getUpstreams(vhost).isEmpty(), "upstreams");
      Cases.check(client.getUpstreamSets() != null && client.getUpstreamSets(vhost).isEmpty(),
          "sets of upstreams");
    });
  }

  private void refusals() throws Exception {
    Client wrong = new Client(new ClientParameters().url(url + "/api/").username("guest")
        .password("wrong"));
    Cases.equal(statusOf(wrong::getOverview), 401, "a wrong password");
    Cases.equal(client.getConnection("management.nobody"), null, "no such connection");
    client.deleteQueue("/", "management.nobody"); // the client takes 404 for success
    Cases.equal(statusOf(() -> client.declareExchange("/", "management.x",
        new ExchangeInfo("nothing", false, false))), 400, "no such type");
  }
}
