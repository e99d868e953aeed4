//! lapin over TLS, with rustls.
//!
//! Prints `ok CASE` or `FAIL CASE: reason` for each case, then `end`. Arguments: HOST PORT
//! STRICT_PORT DIRECTORY. The broker at PORT takes clients with and without a certificate, the one
//! at STRICT_PORT only those with one.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures_lite::StreamExt;
use lapin::options::*;
use lapin::tcp::{OwnedIdentity, OwnedTLSConfig};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Confirmation, Connect, Connection, ConnectionProperties};

const WAIT_MAX: Duration = Duration::from_secs(40);
const IDLE: Duration = Duration::from_secs(3); // who hears nothing for two heartbeats closes
const USER: &str = "e2e-client"; // the common name of the client's certificate

type Failure = Box<dyn std::error::Error>;
type Outcome = Result<(), Failure>;
type Run = fn() -> Pin<Box<dyn Future<Output = Outcome>>>;

/// `cases![a, b]` lists async functions with their names.
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        &[$((stringify!($case), (|| Box::pin($case())) as Run)),*]
    };
}

const CASES: &[(&str, Run)] =
    cases![messages, wrong_ca, login_by_certificate, without_certificate, heartbeat];

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let failures = runtime.expect("a tokio runtime").block_on(run_cases());
    println!("end");
    std::process::exit(failures);
}

async fn run_cases() -> i32 {
    let mut failures = 0;
    for (name, run) in CASES {
        match tokio::time::timeout(WAIT_MAX, run()).await {
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

fn argument(n: usize) -> String {
    std::env::args().nth(n).unwrap_or_default()
}

fn port() -> String {
    argument(2)
}

fn strict_port() -> String {
    argument(3)
}

fn file(name: &str) -> std::io::Result<Vec<u8>> {
    std::fs::read(format!("{}/{name}", argument(4)))
}

/// Trusts that authority, and shows its own certificate if asked to.
fn settings(authority: &str, own: bool) -> Result<OwnedTLSConfig, Failure> {
    let identity = if own {
        let (pem, key) = (file("trusted-client.pem")?, file("trusted-client.key")?);
        Some(OwnedIdentity::PKCS8 { pem, key })
    } else {
        None
    };
    let chain = String::from_utf8(file(&format!("{authority}-ca.pem"))?)?;
    Ok(OwnedTLSConfig { identity, cert_chain: Some(chain) })
}

async fn connect(port: &str, query: &str, tls: OwnedTLSConfig) -> lapin::Result<Connection> {
    let uri = format!("amqps://guest:guest@{}:{port}/%2f?{query}", argument(1));
    let runtime = lapin::runtime::default_runtime()?;
    uri.as_str().connect_with_config(ConnectionProperties::default(), tls, runtime).await
}

/// A channel with confirms. It has to outlive what is done with the connection.
async fn open_channel(connection: &Connection) -> Result<Channel, Failure> {
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(channel)
}

async fn own_queue(channel: &Channel) -> Result<String, Failure> {
    let options = QueueDeclareOptions { exclusive: true, ..Default::default() };
    let queue = channel.queue_declare("".into(), options, FieldTable::default()).await?;
    Ok(queue.name().to_string())
}

async fn send(channel: &Channel, key: &str, body: &[u8], properties: BasicProperties) -> Outcome {
    let options = BasicPublishOptions::default();
    let confirm = channel.basic_publish("".into(), key.into(), options, body, properties).await?;
    match confirm.await? {
        Confirmation::Ack(None) => Ok(()),
        other => Err(format!("confirmed with {other:?}").into()),
    }
}

async fn messages() -> Outcome {
    let large: Vec<u8> = (0..1 << 20).map(|n: u32| n as u8).collect();
    let bodies: [&[u8]; 4] = [b"", b"one", b"two", &large];
    let connection = connect(&port(), "", settings("trusted", false)?).await?;
    let channel = open_channel(&connection).await?;
    let queue = own_queue(&channel).await?;
    for body in bodies {
        send(&channel, &queue, body, BasicProperties::default()).await?;
    }
    let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
    let mut deliveries =
        channel.basic_consume(queue.as_str().into(), "".into(), options, none).await?;
    for body in bodies {
        let delivery = deliveries.next().await.ok_or("the consumer ended")??;
        if delivery.data != body {
            return Err(format!("another body of {} bytes", delivery.data.len()).into());
        }
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(connection.close(200, "done".into()).await?)
}

async fn wrong_ca() -> Outcome {
    refused(connect(&port(), "", settings("other", false)?).await, "UnknownIssuer")
}

async fn login_by_certificate() -> Outcome {
    for port in [port(), strict_port()] {
        let tls = settings("trusted", true)?;
        let connection = connect(&port, "auth_mechanism=external", tls).await?;
        let channel = open_channel(&connection).await?;
        let queue = own_queue(&channel).await?;
        // Only the user's own name is taken as the user-id of a message.
        send(&channel, &queue, b"m", BasicProperties::default().with_user_id(USER.into())).await?;
        connection.close(200, "done".into()).await?;
    }
    Ok(())
}

async fn without_certificate() -> Outcome {
    let tls = settings("trusted", false)?;
    refused(connect(&strict_port(), "", tls).await, "CertificateRequired")
}

async fn heartbeat() -> Outcome {
    let connection = connect(&port(), "heartbeat=1", settings("trusted", false)?).await?;
    let channel = open_channel(&connection).await?;
    tokio::time::sleep(IDLE).await; // heartbeats go both ways meanwhile
    own_queue(&channel).await?;
    Ok(connection.close(200, "done".into()).await?)
}

fn refused(outcome: lapin::Result<Connection>, reason: &str) -> Outcome {
    match outcome {
        Ok(_) => Err(format!("not refused, {reason} wanted").into()),
        Err(error) if format!("{error:?}").contains(reason) => Ok(()),
        Err(error) => Err(format!("{error:?}; {reason} wanted").into()),
    }
}
