//! lapin, the asynchronous Rust client: the life of queues and messages, and being told off.
//!
//! Prints `ok CASE` or `FAIL CASE: reason` for each case, then `end`. Arguments: HOST PORT.
//! A case is an async function that gets a channel of a connection of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_lite::StreamExt;
use lapin::options::*;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Consumer, ExchangeKind};

const WAIT_MAX: Duration = Duration::from_secs(40);
const LARGE_SIZE: usize = 4_000_000;

type Failure = Box<dyn std::error::Error>;
type Outcome = Result<(), Failure>;
type Run = fn(Channel) -> Pin<Box<dyn Future<Output = Outcome>>>;

/// `cases![a, b]` lists async functions with their names.
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        &[$((stringify!($case), (|channel| Box::pin($case(channel))) as Run)),*]
    };
}

const CASES: &[(&str, Run)] = cases![
    publish_and_consume_in_order,
    confirms,
    mandatory_return,
    properties_and_headers,
    large_body,
    get_nack_and_redelivery,
    exchanges_and_bindings,
    transaction,
    consumer_ends_when_the_queue_goes,
    told_off_404,
    told_off_406,
    told_off_406_unknown_tag,
    told_off_403_credentials,
    told_off_530_virtual_host,
];

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let failures = runtime.expect("a tokio runtime").block_on(run_cases());
    println!("end");
    std::process::exit(failures.min(99));
}

async fn run_cases() -> i32 {
    let mut failures = 0;
    for (name, run) in CASES {
        match tokio::time::timeout(WAIT_MAX, with_channel(*run)).await {
            Ok(Ok(())) => println!("ok {name}"),
            Ok(Err(reason)) => {
                failures += 1;
                println!("FAIL {name}: {}", reason.to_string().replace('\n', " "));
            }
            Err(_) => {
                failures += 1;
                println!("FAIL {name}: no end after {WAIT_MAX:?}");
            }
        }
    }
    failures
}

fn uri(password: &str, virtual_host: &str) -> String {
    let arguments: Vec<String> = std::env::args().collect();
    format!("amqp://guest:{password}@{}:{}/{virtual_host}", arguments[1], arguments[2])
}

async fn with_channel(run: Run) -> Outcome {
    let connection =
        Connection::connect(&uri("guest", "%2f"), ConnectionProperties::default()).await?;
    // A channel that is dropped closes itself, which would cross the close of the connection.
    let channel = connection.create_channel().await?;
    let outcome = run(channel.clone()).await;
    if connection.status().connected() {
        connection.close(200, "done".into()).await?;
    }
    outcome
}

/// A name for a queue or exchange that no other case or run has.
fn unique_name(what: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("e2e.{what}.{}.{now:x}.{count}", std::process::id())
}

async fn own_queue(channel: &Channel) -> Result<String, Failure> {
    let name = unique_name("lapin");
    let options = QueueDeclareOptions { exclusive: true, ..Default::default() };
    channel.queue_declare(name.as_str().into(), options, FieldTable::default()).await?;
    Ok(name)
}

async fn send(channel: &Channel, key: &str, body: &[u8]) -> Outcome {
    let options = BasicPublishOptions::default();
    let properties = BasicProperties::default();
    channel.basic_publish("".into(), key.into(), options, body, properties).await?.await?;
    Ok(())
}

async fn consumer(channel: &Channel, queue: &str) -> Result<Consumer, Failure> {
    let options = BasicConsumeOptions::default();
    Ok(channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?)
}

async fn get(channel: &Channel, queue: &str) -> Result<Option<lapin::message::Delivery>, Failure> {
    let got = channel.basic_get(queue.into(), BasicGetOptions::default()).await?;
    Ok(got.map(|message| message.delivery))
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, got: T, wanted: T) -> Outcome {
    if got == wanted {
        return Ok(());
    }
    Err(format!("{what}: got {got:?}, wanted {wanted:?}").into())
}

/// Checks that the broker refused with that code and text.
fn refused<T>(outcome: Result<T, lapin::Error>, code: u16, text: &str) -> Outcome {
    match outcome {
        Ok(_) => Err(format!("not refused, {code} {text} wanted").into()),
        Err(error) => match error.kind() {
            lapin::ErrorKind::ProtocolError(refusal) => {
                equal("code", refusal.get_id(), code)?;
                equal("text", refusal.get_message().as_str(), text)
            }
            _ => Err(format!("another error than a refusal: {error}").into()),
        },
    }
}

async fn publish_and_consume_in_order(channel: Channel) -> Outcome {
    let queue = own_queue(&channel).await?;
    channel.basic_qos(10, BasicQosOptions::default()).await?;
    let mut deliveries = consumer(&channel, &queue).await?;
    for n in 0..300 {
        send(&channel, &queue, n.to_string().as_bytes()).await?;
    }
    for n in 0..300 {
        let delivery = deliveries.next().await.ok_or("the consumer ended")??;
        equal("body", delivery.data.clone(), n.to_string().into_bytes())?;
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}

async fn confirms(channel: Channel) -> Outcome {
    let queue = own_queue(&channel).await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let mut waiting = Vec::new();
    for _ in 0..500 {
        let options = BasicPublishOptions::default();
        let properties = BasicProperties::default().with_delivery_mode(2);
        let publish =
            channel.basic_publish("".into(), queue.as_str().into(), options, b"m", properties);
        waiting.push(publish.await?);
    }
    for one in waiting {
        equal("acked", one.await?.is_ack(), true)?;
    }
    let purged = channel.queue_purge(queue.as_str().into(), QueuePurgeOptions::default()).await?;
    equal("purged", purged, 500)
}

async fn mandatory_return(channel: Channel) -> Outcome {
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let key = unique_name("absent");
    let options = BasicPublishOptions { mandatory: true, immediate: false };
    let properties = BasicProperties::default();
    let publish =
        channel.basic_publish("".into(), key.as_str().into(), options, b"lost", properties);
    let returned = publish.await?.await?.take_message().ok_or("not returned before the ack")?;
    equal("code", returned.reply_code, 312)?;
    equal("text", returned.reply_text.as_str(), "NO_ROUTE")?;
    equal("key", returned.delivery.routing_key.as_str(), key.as_str())?;
    equal("body", returned.delivery.data.as_slice(), b"lost".as_slice())
}

async fn properties_and_headers(channel: Channel) -> Outcome {
    let queue = own_queue(&channel).await?;
    let mut inner = FieldTable::default();
    inner.insert("deep".into(), AMQPValue::LongLongInt(1 << 40));
    let mut headers = FieldTable::default();
    headers.insert("number".into(), AMQPValue::LongInt(-7));
    headers.insert("text".into(), AMQPValue::LongString("words".into()));
    headers.insert("yes".into(), AMQPValue::Boolean(true));
    headers.insert("half".into(), AMQPValue::Double(0.5));
    headers.insert("nothing".into(), AMQPValue::Void);
    headers.insert("table".into(), AMQPValue::FieldTable(inner));
    let sent = BasicProperties::default()
        .with_content_type("text/plain".into())
        .with_delivery_mode(2)
        .with_priority(3)
        .with_correlation_id("c".into())
        .with_reply_to("r".into())
        .with_expiration("60000".into())
        .with_message_id("m".into())
        .with_timestamp(1_700_000_000)
        .with_type("kind".into())
        .with_user_id("guest".into())
        .with_app_id("e2e".into())
        .with_headers(headers);
    let options = BasicPublishOptions::default();
    channel
        .basic_publish("".into(), queue.as_str().into(), options, b"body", sent.clone())
        .await?
        .await?;
    let got = get(&channel, &queue).await?.ok_or("no message")?;
    equal("properties", got.properties, sent)
}

async fn large_body(channel: Channel) -> Outcome {
    let queue = own_queue(&channel).await?;
    let body: Vec<u8> = (0..LARGE_SIZE).map(|n| (n % 251) as u8).collect();
    send(&channel, &queue, &body).await?;
    let got = get(&channel, &queue).await?.ok_or("no message")?;
    equal("4 MB come back unchanged", got.data == body, true)
}

async fn get_nack_and_redelivery(channel: Channel) -> Outcome {
    let queue = own_queue(&channel).await?;
    send(&channel, &queue, b"again").await?;
    let first = get(&channel, &queue).await?.ok_or("no message")?;
    equal("redelivered at first", first.redelivered, false)?;
    first.nack(BasicNackOptions { multiple: false, requeue: true }).await?;
    let second = get(&channel, &queue).await?.ok_or("no message after nack")?;
    equal("redelivered then", second.redelivered, true)?;
    second.reject(BasicRejectOptions { requeue: false }).await?;
    equal("anything left", get(&channel, &queue).await?.is_some(), false)
}

async fn exchanges_and_bindings(channel: Channel) -> Outcome {
    let (source, target) = (unique_name("source"), unique_name("target"));
    let queue = own_queue(&channel).await?;
    let nothing = FieldTable::default;
    for (name, kind) in [(&source, ExchangeKind::Topic), (&target, ExchangeKind::Fanout)] {
        let options = ExchangeDeclareOptions { auto_delete: true, ..Default::default() };
        channel.exchange_declare(name.as_str().into(), kind, options, nothing()).await?;
    }
    let (to, from) = (target.as_str().into(), source.as_str().into());
    let options = ExchangeBindOptions::default();
    channel.exchange_bind(to, from, "go.#".into(), options, nothing()).await?;
    let (name, exchange) = (queue.as_str().into(), target.as_str().into());
    let options = QueueBindOptions::default();
    channel.queue_bind(name, exchange, "".into(), options, nothing()).await?;
    for key in ["go", "stop", "go.far"] {
        let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
        let exchange = source.as_str().into();
        channel.basic_publish(exchange, key.into(), options, key.as_bytes(), properties).await?;
    }
    for wanted in ["go", "go.far"] {
        let got = get(&channel, &queue).await?.ok_or("no message")?;
        equal("routing key", got.routing_key.as_str(), wanted)?;
    }
    let options = ExchangeUnbindOptions::default();
    let (to, from) = (target.as_str().into(), source.as_str().into());
    channel.exchange_unbind(to, from, "go.#".into(), options, nothing()).await?;
    Ok(())
}

async fn transaction(channel: Channel) -> Outcome {
    let queue = own_queue(&channel).await?;
    channel.tx_select().await?;
    send(&channel, &queue, b"never").await?;
    channel.tx_rollback().await?;
    send(&channel, &queue, b"kept").await?;
    channel.tx_commit().await?;
    let got = get(&channel, &queue).await?.ok_or("no message")?;
    equal("body", got.data.as_slice(), b"kept".as_slice())?;
    equal("anything left", get(&channel, &queue).await?.is_some(), false)
}

async fn consumer_ends_when_the_queue_goes(channel: Channel) -> Outcome {
    let queue = own_queue(&channel).await?;
    let mut deliveries = consumer(&channel, &queue).await?;
    channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
    equal("another delivery", deliveries.next().await.is_some(), false)
}

async fn told_off_404(channel: Channel) -> Outcome {
    let name = unique_name("absent");
    let options = QueueDeclareOptions { passive: true, ..Default::default() };
    let declare = channel.queue_declare(name.as_str().into(), options, FieldTable::default());
    refused(declare.await, 404, &format!("NOT_FOUND - no queue '{name}' in vhost '/'"))
}

async fn told_off_406(channel: Channel) -> Outcome {
    let queue = own_queue(&channel).await?;
    let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
    let declare = channel.queue_declare(queue.as_str().into(), options, FieldTable::default());
    let text = format!(
        "PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '{queue}' in vhost '/': \
         received 'true' but current is 'false'"
    );
    refused(declare.await, 406, &text)
}

async fn told_off_406_unknown_tag(channel: Channel) -> Outcome {
    let queue = own_queue(&channel).await?;
    // An ack has no answer of its own: a consumer hears of the end.
    let mut deliveries = consumer(&channel, &queue).await?;
    channel.basic_ack(7, BasicAckOptions::default()).await?;
    let end = deliveries.next().await.ok_or("the consumer was not told")?;
    refused(end, 406, "PRECONDITION_FAILED - unknown delivery tag 7")
}

async fn told_off_403_credentials(_channel: Channel) -> Outcome {
    let text = "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. \
                For details see the broker logfile.";
    let properties = ConnectionProperties::default();
    refused(Connection::connect(&uri("wrong", "%2f"), properties).await, 403, text)
}

async fn told_off_530_virtual_host(_channel: Channel) -> Outcome {
    let properties = ConnectionProperties::default();
    let outcome = Connection::connect(&uri("guest", "absent"), properties).await;
    refused(outcome, 530, "NOT_ALLOWED - vhost absent not found")
}
