/*
 * The RabbitMQ Java client over TLS.
 *
 * Prints `ok CASE` or `FAIL CASE: reason` for each case, then `end`. Arguments: HOST PORT
 * STRICT_PORT DIRECTORY. The broker at PORT takes clients with and without a certificate, the one
 * at STRICT_PORT only those with one. The client has deadlines of its own for what it waits for.
 */

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultSaslConfig;
import com.rabbitmq.client.Delivery;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public final class TlsClient {
  private static final int WAIT_SECONDS_MAX = 20;
  private static final String USER = "e2e-client";  // the common name of the client's certificate
  private static final char[] PASSWORD = "e2e".toCharArray();
  private static final int HEARTBEAT_SECONDS = 1;
  private static final int IDLE_MS = 3000;  // who hears nothing for two heartbeats closes

  private interface Case {
    void run() throws Exception;
  }

  private interface Work {
    void run(Channel channel) throws Exception;
  }

  private static String host;
  private static int port;
  private static int strictPort;
  private static Path directory;

  public static void main(String[] arguments) throws Exception {
    host = arguments[0];
    port = Integer.parseInt(arguments[1]);
    strictPort = Integer.parseInt(arguments[2]);
    directory = Path.of(arguments[3]);
    Map<String, Case> cases = new LinkedHashMap<>();
    cases.put("messages", TlsClient::messages);
    cases.put("wrong_ca", TlsClient::wrongCa);
    cases.put("login_by_certificate", TlsClient::loginByCertificate);
    cases.put("without_certificate", TlsClient::withoutCertificate);
    cases.put("heartbeat", TlsClient::heartbeat);
    int failures = 0;
    for (Map.Entry<String, Case> one : cases.entrySet()) {
      try {
        one.getValue().run();
        System.out.println("ok " + one.getKey());
      } catch (Throwable failure) {
        failures++;
        System.out.println("FAIL " + one.getKey() + ": " + told(failure).replace('\n', ' '));
      }
    }
    System.out.println("end");
    System.exit(failures);
  }

  /** Trusts that authority, checks the broker's name, and shows its own certificate if it has. */
  private static ConnectionFactory factory(int toPort, String authority, boolean own)
      throws Exception {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    try (InputStream file = Files.newInputStream(directory.resolve(authority + "-ca.pem"))) {
      trusted.setCertificateEntry("ca",
          CertificateFactory.getInstance("X.509").generateCertificate(file));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(own ? ownKeys().getKeyManagers() : null, trust.getTrustManagers(), null);
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost(host);
    factory.setPort(toPort);
    factory.setAutomaticRecoveryEnabled(false);
    factory.useSslProtocol(context);
    factory.enableHostnameVerification();
    return factory;
  }

  private static KeyManagerFactory ownKeys() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream file = Files.newInputStream(directory.resolve("client.p12"))) {
      store.load(file, PASSWORD);
    }
    KeyManagerFactory keys =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, PASSWORD);
    return keys;
  }

  /** Gives `work` a channel with confirms, and closes the connection. */
  private static void withChannel(ConnectionFactory factory, Work work) throws Exception {
    try (Connection connection = factory.newConnection()) {
      Channel channel = connection.createChannel();
      channel.confirmSelect();
      work.run(channel);
    }
  }

  private static void messages() throws Exception {
    byte[] large = new byte[1 << 20];
    for (int n = 0; n < large.length; n++) {
      large[n] = (byte) n;
    }
    List<byte[]> bodies = List.of(bytes(""), bytes("one"), bytes("two"), large);
    withChannel(factory(port, "trusted", false), channel -> {
      String queue = channel.queueDeclare().getQueue();
      for (byte[] body : bodies) {
        channel.basicPublish("", queue, null, body);
      }
      channel.waitForConfirmsOrDie(TimeUnit.SECONDS.toMillis(WAIT_SECONDS_MAX));
      BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
      channel.basicConsume(queue, false, (tag, delivery) -> deliveries.add(delivery), tag -> { });
      for (byte[] body : bodies) {
        Delivery delivery = deliveries.poll(WAIT_SECONDS_MAX, TimeUnit.SECONDS);
        check(delivery != null, "a message did not come");
        check(Arrays.equals(delivery.getBody(), body), "another body than published");
        channel.basicAck(delivery.getEnvelope().getDeliveryTag(), false);
      }
    });
  }

  private static void wrongCa() throws Exception {
    refused(factory(port, "other", false), "unable to find valid certification path");
  }

  private static void loginByCertificate() throws Exception {
    for (int toPort : new int[] {port, strictPort}) {
      ConnectionFactory factory = factory(toPort, "trusted", true);
      factory.setSaslConfig(DefaultSaslConfig.EXTERNAL);
      withChannel(factory, channel -> {
        String queue = channel.queueDeclare().getQueue();
        // Only the user's own name is taken as the user-id of a message.
        channel.basicPublish("", queue, new AMQP.BasicProperties.Builder().userId(USER).build(),
            bytes("m"));
        channel.waitForConfirmsOrDie(TimeUnit.SECONDS.toMillis(WAIT_SECONDS_MAX));
        check(channel.basicGet(queue, true) != null, "no message");
      });
    }
  }

  private static void withoutCertificate() throws Exception {
    refused(factory(strictPort, "trusted", false), "certificate_required");
  }

  private static void heartbeat() throws Exception {
    ConnectionFactory factory = factory(port, "trusted", false);
    factory.setRequestedHeartbeat(HEARTBEAT_SECONDS);
    withChannel(factory, channel -> {
      Thread.sleep(IDLE_MS);  // heartbeats go both ways meanwhile
      channel.queueDeclare();
    });
  }

  private static void refused(ConnectionFactory factory, String reason) throws Exception {
    String told;
    try (Connection connection = factory.newConnection()) {
      told = "not refused by " + connection.getAddress();
    } catch (Exception error) {
      told = told(error);
    }
    check(told.contains(reason), told + "; wanted: " + reason);
  }

  /** The error with its causes. */
  private static String told(Throwable error) {
    StringBuilder text = new StringBuilder();
    for (Throwable one = error; one != null; one = one.getCause()) {
      text.append(text.length() == 0 ? "" : " after ").append(one);
    }
    return text.toString();
  }

  private static void check(boolean holds, String reason) {
    if (!holds) {
      throw new AssertionError(reason);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
