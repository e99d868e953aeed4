// Calls RabbitMQ's Java client of the management API (com.rabbitmq:http-client) as its own tests
// do: URL AMQP_PORT METRICS_URL DIR. Its domain classes have types for all fields.

public final class HttpClient {
  private HttpClient() {}

  public static void main(String[] arguments) throws Exception {
    Broker broker = new Broker(arguments[0], Integer.parseInt(arguments[1]));
    Cases cases = new Cases();
    new LiveCases(broker).addTo(cases);
    new ObjectCases(broker).addTo(cases);
    cases.run();
  }
}
