/*
 * How applications for the RabbitMQ Java client (and Spring AMQP, which uses it) try again later:
 * a retry queue with a TTL whose dead letters go back, with a limit by the x-death header; a
 * delayed message exchange; a delivery limit that parks what cannot be handled.
 *
 * Called by JavaClient, which has the cases' helpers.
 */

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

final class RetryPatterns {
  private static final int RETRY_MS = 200;
  private static final int TRIES_MAX = 3;

  private RetryPatterns() { }

  /** The listener rejects; after TRIES_MAX deaths it publishes to the parking lot and acks. */
  static void deadLetterRoundTrip(Channel channel) throws Exception {
    String work = JavaClient.uniqueName("work");
    String retry = JavaClient.uniqueName("retry");
    String parked = JavaClient.ownQueue(channel);
    channel.queueDeclare(work, true, false, false,
        Map.of("x-dead-letter-exchange", "", "x-dead-letter-routing-key", retry));
    channel.queueDeclare(retry, true, false, false, Map.of("x-message-ttl", RETRY_MS,
        "x-dead-letter-exchange", "", "x-dead-letter-routing-key", work));
    BlockingQueue<Delivery> deliveries = JavaClient.consume(channel, work);
    AMQP.BasicProperties properties =
        new AMQP.BasicProperties.Builder().deliveryMode(2).messageId("m").build();
    long begin = System.nanoTime();
    channel.basicPublish("", work, properties, bytes("poison"));
    for (int tries = 0; ; tries++) {
      Delivery delivery = JavaClient.next(deliveries, "try " + tries);
      long tag = delivery.getEnvelope().getDeliveryTag();
      JavaClient.equal("deaths", deaths(delivery, work, "rejected"), (long) tries);
      JavaClient.equal("rests", deaths(delivery, retry, "expired"), (long) tries);
      JavaClient.equal("message id", delivery.getProperties().getMessageId(), "m");
      if (tries < TRIES_MAX) {
        channel.basicReject(tag, false);
        continue;
      }
      channel.basicPublish("", parked, delivery.getProperties(), delivery.getBody());
      channel.basicAck(tag, false);
      break;
    }
    long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    JavaClient.equal("rested long enough", took >= (long) TRIES_MAX * RETRY_MS, true);
    JavaClient.equal("parked", channel.basicGet(parked, true) != null, true);
    channel.queueDelete(work);
    channel.queueDelete(retry);
  }

  @SuppressWarnings("unchecked")
  private static long deaths(Delivery delivery, String queue, String reason) {
    Map<String, Object> headers = delivery.getProperties().getHeaders();
    if (headers == null || !headers.containsKey("x-death")) {
      return 0;
    }
    for (Map<String, Object> death : (List<Map<String, Object>>) headers.get("x-death")) {
      if (death.get("queue").toString().equals(queue)
          && death.get("reason").toString().equals(reason)) {
        return (Long) death.get("count");
      }
    }
    return 0;
  }

  /** As Spring's @Exchange(delayed = "true"): x-delay as an Integer or a Long header. */
  static void delayedExchange(Channel channel) throws Exception {
    String exchange = JavaClient.uniqueName("delayed");
    String queue = JavaClient.ownQueue(channel);
    channel.exchangeDeclare(exchange, "x-delayed-message", true, false,
        Map.of("x-delayed-type", "direct"));
    channel.queueBind(queue, exchange, "k");
    BlockingQueue<Delivery> deliveries = JavaClient.consume(channel, queue);
    long begin = System.nanoTime();
    channel.basicPublish(exchange, "k", delayed(600L), bytes("second"));
    channel.basicPublish(exchange, "k", delayed(300), bytes("first"));
    for (String wanted : List.of("first", "second")) {
      Delivery delivery = JavaClient.next(deliveries, wanted);
      JavaClient.equal("body", new String(delivery.getBody(), StandardCharsets.UTF_8), wanted);
    }
    long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    JavaClient.equal("waited long enough", took >= 600, true);
    channel.exchangeDelete(exchange);
  }

  /** A quorum queue parks a message after so many returns. */
  static void deliveryLimit(Channel channel) throws Exception {
    String work = JavaClient.uniqueName("limited");
    String parked = JavaClient.uniqueName("parked");
    channel.queueDeclare(parked, true, false, false, Map.of("x-queue-type", "quorum"));
    channel.queueDeclare(work, true, false, false, Map.of("x-queue-type", "quorum",
        "x-delivery-limit", 2, "x-dead-letter-exchange", "", "x-dead-letter-routing-key", parked));
    BlockingQueue<Delivery> deliveries = JavaClient.consume(channel, work);
    channel.basicPublish("", work, null, bytes("poison"));
    for (int tries = 0; tries < 3; tries++) {
      Delivery delivery = JavaClient.next(deliveries, "delivery " + tries);
      channel.basicNack(delivery.getEnvelope().getDeliveryTag(), false, true);
    }
    Delivery dead = JavaClient.next(JavaClient.consume(channel, parked), "the dead letter");
    JavaClient.equal("deaths", deaths(dead, work, "delivery_limit"), 1L);
    channel.queueDelete(work);
    channel.queueDelete(parked);
  }

  private static AMQP.BasicProperties delayed(Object milliseconds) {
    return new AMQP.BasicProperties.Builder().headers(Map.of("x-delay", milliseconds)).build();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
