// What the node is, and what lives on it: connections, channels, consumers.

import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import com.rabbitmq.http.client.Client;
import com.rabbitmq.http.client.domain.ChannelInfo;
import com.rabbitmq.http.client.domain.ConnectionInfo;
import com.rabbitmq.http.client.domain.ConsumerDetails;
import com.rabbitmq.http.client.domain.NodeInfo;
import com.rabbitmq.http.client.domain.OverviewResponse;
import com.rabbitmq.http.client.domain.Page;
import com.rabbitmq.http.client.domain.QueryParameters;
import com.rabbitmq.http.client.domain.UserPermissions;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

final class LiveCases {
  private final Broker broker;
  private final Client client;

  LiveCases(Broker broker) {
    this.broker = broker;
    this.client = broker.client;
  }

  void addTo(Cases cases) {
    cases.add("overview", this::overview);
    cases.add("nodes", this::nodes);
    cases.add("whoami", this::whoami);
    cases.add("aliveness", this::aliveness);
    cases.add("cluster_name", this::clusterName);
    cases.add("extensions", this::extensions);
    cases.add("connections", this::connections);
    cases.add("channels", this::channels);
    cases.add("consumers", this::consumers);
    cases.add("closes_a_connection", this::closesConnection);
    cases.add("closes_connections_of_a_user", this::closesConnectionsOfUser);
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
        && one.getPort() == broker.amqpPort && one.getIpAddress() != null), got.getListeners());
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
    Cases.within(() -> broker.named("management traffic").size() == 1, "the connection");
    ConnectionInfo listed = broker.named("management traffic").get(0);
    ConnectionInfo one = client.getConnection(listed.getName());
    Cases.check(one.getUser().equals("guest") && one.getVhost().equals("/")
        && one.getProtocol().equals("AMQP 0-9-1") && one.getType().equals("network"), one);
    Cases.check(one.getPort() == broker.amqpPort && one.getPeerPort() > 0 && one.getFrameMax() > 0
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
    Cases.within(() -> broker.named("management traffic").size() == 1, "the connection");
    String connection = broker.named("management traffic").get(0).getName();
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
    CompletableFuture<ShutdownSignalException> closed =
        whenClosed(broker.connect("guest", "guest", name));
    Cases.within(() -> broker.named(name).size() == 1, "it is listed");
    client.closeConnection(broker.named(name).get(0).getName(), "for a test");
    String reason = String.valueOf(closed.get(20, TimeUnit.SECONDS).getReason());
    Cases.check(reason.contains("for a test") && reason.contains("320"), reason);
    Cases.within(() -> broker.named(name).isEmpty(), "it is not listed any more");
  }

  private void closesConnectionsOfUser() throws Exception {
    if (broker.isBefore(3, 11)) return;
    String user = Cases.name("user");
    client.createUser(user, "secret".toCharArray(), List.of());
    try {
      client.updatePermissions("/", user, new UserPermissions("", "", ""));
      CompletableFuture<ShutdownSignalException> closed =
          whenClosed(broker.connect(user, "secret", "x"));
      Cases.within(() -> client.getConnectionsOfUser(user).size() == 1, "it is listed");
      client.closeAllConnectionsOfUser(user);
      closed.get(20, TimeUnit.SECONDS);
    } finally {
      client.deleteUser(user);
    }
  }
}
