import type { Job } from "../bindings/Job";
import { ago, aJob, aView } from "../samples";
import type { Source, View } from "../source";

/** A state of the panel: what each poll answers, in turn; the last one again and again. */
export type State = {
  polls: (() => Promise<View>)[];
  startTestJob?: Source["startTestJob"];
};

const view = (parts: Partial<View>) => () => Promise.resolve(aView(parts));
const refusal = (code: string, message: string) => () => Promise.reject({ code, message });
const always = (parts: Partial<View>): State => ({ polls: [view(parts)] });

const ingest = aJob("nightly-ingest", {
  started_at: ago(252),
  progress: {
    fraction: 25 / 43,
    done: 25,
    total: 43,
    unit: "files",
    step: { index: 3, count: 8, label: "Scanning tables" },
    at: ago(1),
  },
});
const build = aJob("cargo build --release", {
  started_at: ago(67),
  progress: { fraction: 214 / 521, done: 214, total: 521, message: "Compiling webkit2gtk-sys", at: ago(0) },
});
const train = aJob("train resnet-50", {
  started_at: ago(12_030),
  progress: { message: "Epoch 12 · loss 0.311", at: ago(390) },
});
const upload = aJob("upload photos", {
  started_at: ago(7),
  progress: { fraction: 0.071, message: "IMG_2041.HEIC", at: ago(0) },
});
const make = aJob("make", { started_at: ago(31) });
const jobs = [train, ingest, build, upload];

const long = aJob(
  "python -m experiments.sweep --learning-rate 0.0003 --batch-size 512 --dataset /mnt/data/imagenet-21k-winter",
  {
    started_at: ago(190_000),
    progress: {
      fraction: 0.42,
      done: 9_214_330,
      total: 21_841_000,
      unit: "images and captions",
      message:
        "Resizing n02084071/n02084071_10834.JPEG to 512 × 512 and writing it to shard-00421-of-01000.tar",
      at: ago(400),
    },
  },
);
const hostile = aJob("<img src=x onerror=alert(1)><script>alert(2)</script>", {
  progress: {
    fraction: 0.3,
    message: "\"><b>bold</b> &amp; <a href='javascript:alert(3)'>x</a>",
    at: ago(0),
  },
});
const arabic = aJob("نسخ احتياطي للصور إلى القرص الخارجي", {
  progress: { fraction: 0.64, message: "الملف 64 من 100", at: ago(0) },
});
const japanese = aJob("夜間バックアップ: 写真とビデオを外付けディスクへ 📸🎬", {
  progress: {
    fraction: 0.12,
    message: "転送中 — 残り 3 ファイル 🚚",
    done: 12,
    total: 100,
    unit: "ファイル",
    at: ago(0),
  },
});

function aCrowd(count: number): Job[] {
  return Array.from({ length: count }, (_, index) =>
    aJob(`shard ${index + 1} of ${count}`, {
      started_at: ago(4_000 - index * 79),
      progress: {
        fraction: ((index * 37) % 100) / 100,
        done: (index * 37) % 100,
        total: 100,
        unit: "files",
        message: "Copying",
        at: ago(0),
      },
    }),
  );
}

const offline = {
  connection: {
    state: "offline",
    since: ago(12),
    reason: "The hub at 127.0.0.1:7117 does not answer.",
  },
  updated_at: ago(12),
} as const;
const refused = {
  connection: {
    state: "refused",
    reason:
      "The hub at build-7:7117 does not accept this token. Copy its token file and set DOORBELL_TOKEN_FILE.",
  },
  updated_at: ago(20),
} as const;

export const states: Record<string, State> = {
  running: always({ jobs: [ingest, build, train] }),
  "one-job": always({ jobs: [build] }),
  "all-kinds": always({ jobs: [train, ingest, build, make, upload], queued: 2 }),
  crowd: always({ jobs: aCrowd(50), queued: 14 }),
  "cut-short": always({ jobs: aCrowd(50).slice(-4), running: 2_050, queued: 14 }),
  "hard-text": always({ jobs: [long, hostile, arabic, japanese], queued: 1 }),
  notice: always({
    jobs: [build],
    notice: "This desktop shows no notifications: only the badge tells that a job ended.",
  }),
  empty: always({}),
  "empty-queued": always({ queued: 3 }),
  "test-job-refused": {
    polls: [view({})],
    startTestJob: refusal("no_runner", "The doorbell command was not found beside the app."),
  },
  loading: { polls: [() => new Promise(() => undefined)] },
  connecting: { polls: [() => Promise.resolve(neverLive())] },
  offline: always({ ...offline, jobs, queued: 2 }),
  "offline-empty": always({ ...offline }),
  refused: always({ ...refused, jobs: [ingest, build] }),
  "refused-empty": always({ ...refused }),
  "poll-failed": {
    polls: [view({ jobs: [ingest, build] }), refusal("panel_gone", "Doorbell is shutting down.")],
  },
  "poll-failed-first": { polls: [refusal("panel_gone", "Doorbell is shutting down.")] },
  moving: { polls: comingAndGoing() },
};

/** Every two seconds a job ends and another starts: for looking at how rows and bars move. */
function comingAndGoing(): State["polls"] {
  const [one, other] = [view({ jobs: [ingest, build, train] }), view({ jobs: [ingest, train, make] })];
  return Array.from({ length: 400 }, (_, turn) => (turn % 8 < 4 ? one : other));
}

function neverLive(): View {
  const { updated_at: _, ...rest } = aView({ connection: { state: "connecting" } });
  return rest;
}
