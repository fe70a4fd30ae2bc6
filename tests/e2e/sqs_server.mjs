// fauxqs, a server that speaks SQS, on loopback; and a client that sends and reads by hand.
import { once } from "node:events";

/** What it holds outlives its being stopped. Nothing where npm has not supplied it. */
export async function startSqs() {
  const fauxqs = await import("fauxqs").catch(() => undefined);
  if (!fauxqs) return undefined;
  const app = fauxqs.buildApp({ logger: false });
  await app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = app.server.address();
  return {
    url: `http://127.0.0.1:${port}`,
    start: async () => {
      app.server.listen(port, "127.0.0.1");
      await once(app.server, "listening");
    },
    stop: async () => {
      const closed = once(app.server, "close");
      app.server.close();
      app.server.closeAllConnections();
      await closed;
    },
    end: () => app.close(),
  };
}

export class SqsClient {
  constructor(sqs) {
    this.sqs = sqs;
  }

  /** The variables of a program that uses the server. */
  get env() {
    return {
      AWS_ENDPOINT_URL_SQS: this.sqs.url,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    };
  }

  async call(action, body) {
    const response = await fetch(this.sqs.url, {
      method: "POST",
      headers: {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": `AmazonSQS.${action}`,
        Authorization:
          "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${action}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : {};
  }

  async url(queue) {
    return (await this.call("GetQueueUrl", { QueueName: queue })).QueueUrl;
  }

  async send(queue, message) {
    await this.call("SendMessage", {
      QueueUrl: await this.url(queue),
      MessageBody: typeof message === "string" ? message : JSON.stringify(message),
    });
  }

  async purge(queue) {
    await this.call("PurgeQueue", { QueueUrl: await this.url(queue) });
  }

  /** Messages that are visible, in flight and delayed. */
  async depth(queue) {
    const { Attributes } = await this.call("GetQueueAttributes", {
      QueueUrl: await this.url(queue),
      AttributeNames: ["All"],
    });
    return [
      Attributes.ApproximateNumberOfMessages,
      Attributes.ApproximateNumberOfMessagesNotVisible,
      Attributes.ApproximateNumberOfMessagesDelayed,
    ].map(Number);
  }
}
