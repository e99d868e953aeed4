// The broker under test: a client of its management API, connections, objects of its own.

import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.http.client.Client;
import com.rabbitmq.http.client.ClientParameters;
import com.rabbitmq.http.client.HttpClientException;
import com.rabbitmq.http.client.HttpServerException;
import com.rabbitmq.http.client.domain.ConnectionInfo;
import com.rabbitmq.http.client.domain.UserPermissions;
import java.net.URI;
import java.util.List;

final class Broker {
  interface InVhost {
    void run(String vhost) throws Exception;
  }

  final Client client;
  final String url;
  final int amqpPort;

  Broker(String url, int amqpPort) throws Exception {
    this.url = url;
    this.amqpPort = amqpPort;
    client = login("guest", "guest");
  }

  Client login(String user, String password) throws Exception {
    return new Client(new ClientParameters().url(url + "/api/").username(user)
        .password(password));
  }

  void inVhost(InVhost run) throws Exception {
    String vhost = Cases.name("vhost");
    client.createVhost(vhost);
    try {
      client.updatePermissions(vhost, "guest", new UserPermissions(".*", ".*", ".*"));
      run.run(vhost);
    } finally {
      client.deleteVhost(vhost);
    }
  }

  Connection connect(String user, String password, String name) throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost(URI.create(url).getHost());
    factory.setPort(amqpPort);
    factory.setUsername(user);
    factory.setPassword(password);
    factory.setAutomaticRecoveryEnabled(false);
    return factory.newConnection(name);
  }

  /** Connections by the name that the client gave; statistics come a moment later. */
  List<ConnectionInfo> named(String name) {
    return client.getConnections().stream().filter(one -> one.getClientProperties() != null
        && name.equals(one.getClientProperties().getConnectionName())
        && "running".equals(one.getState())).toList();
  }

  static int statusOf(Cases.Case call) throws Exception {
    try {
      call.run();
      return 200;
    } catch (HttpClientException error) {
      return error.status();
    } catch (HttpServerException error) {
      return error.status();
    }
  }

  /** Whether this is a RabbitMQ older than that. A Lepus never is, whatever it is told to tell. */
  boolean isBefore(int major, int minor) {
    String erlang = client.getOverview().getFullErlangVersion();
    if (!erlang.startsWith("Erlang/OTP")) return false;
    String[] parts = client.getOverview().getServerVersion().split("\\.");
    int got = Integer.parseInt(parts[0]);
    return got < major || got == major && Integer.parseInt(parts[1]) < minor;
  }
}
