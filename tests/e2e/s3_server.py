#!/usr/bin/python3
"""OpenStack Swift with its S3 API, on loopback, in one process: python3-swift of Debian.

    s3_server.py FOLDER PORT ACCESS_KEY SECRET_KEY

FOLDER is kept: started on it again, the server has what it had. PORT 0 takes a free one. Prints
`ready PORT` and serves until its standard input ends. Signatures, expiry and the hash of a signed
body are verified. A bucket is also reached as a host: BUCKET.localhost.
"""

import os
import sys
from time import monotonic

import eventlet

eventlet.patcher.monkey_patch(all=False, socket=True, select=True, thread=True)

from eventlet import hubs, wsgi  # noqa: E402
from swift.common import utils  # noqa: E402

CONFIG = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
log_level = ERROR
log_address = {folder}/no-syslog
workers = 0

[app:main]
use = egg:swift#{kind}
"""

PROXY = """
[DEFAULT]
swift_dir = {folder}
log_level = ERROR
log_address = {folder}/no-syslog
workers = 0

[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats s3api tempauth copy bulk slo dlo proxy-server

[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true

[filter:s3api]
use = egg:swift#s3api
max_upload_part_num = 10000
storage_domain = localhost

[filter:tempauth]
use = egg:swift#tempauth
user_{user} = {secret} .admin

[filter:slo]
use = egg:swift#slo
max_manifest_segments = 10000
max_manifest_size = 8388608

[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:copy]
use = egg:swift#copy
[filter:dlo]
use = egg:swift#dlo
"""


def write(folder, name, text):
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)


def build_ring(folder, name, port):
    from swift.common.ring import RingBuilder

    builder = RingBuilder(2, 1, 0)
    place = {"ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1", "replication_port": port}
    builder.add_dev({"region": 1, "zone": 1, "weight": 1.0, "device": "disk", **place})
    builder.rebalance()
    builder.get_ring().save(os.path.join(folder, name + ".ring.gz"))


class Cache:
    """What Swift keeps in a memcached: of buckets that it has looked up."""

    def __init__(self, app):
        self.app = app
        self.values = {}

    def __call__(self, env, start_response):
        env["swift.cache"] = self
        return self.app(env, start_response)

    def get(self, key, raise_on_error=False):
        value, until = self.values.get(key, (None, 0))
        return value if until > monotonic() else None

    def set(self, key, value, time=0, **_):
        self.values[key] = (value, monotonic() + (time or 60))

    def delete(self, key, **_):
        self.values.pop(key, None)


def serve(folder, name, listener, wrap=lambda app: app):
    from swift.common.wsgi import SwiftHttpProtocol, loadapp

    app = wrap(loadapp(os.path.join(folder, name + ".conf"), global_conf={"log_name": name}))
    eventlet.spawn(
        wsgi.server,
        listener,
        app,
        utils.NullLogger(),
        protocol=SwiftHttpProtocol,
        capitalize_response_headers=False,
    )


def main(folder, port, access_key, secret_key):
    os.makedirs(os.path.join(folder, "devices", "disk"), exist_ok=True)
    write(folder, "swift.conf", "[swift-hash]\nswift_hash_path_suffix = tests\n")
    utils.set_swift_dir(folder)
    from swift.common import storage_policy

    storage_policy.reload_storage_policies()
    public = eventlet.listen(("127.0.0.1", port))
    for kind in ("account", "container", "object"):
        listener = eventlet.listen(("127.0.0.1", 0))
        build_ring(folder, kind, listener.getsockname()[1])
        write(folder, kind + ".conf", CONFIG.format(folder=folder, kind=kind))
        serve(folder, kind, listener)
    write(folder, "proxy.conf", PROXY.format(folder=folder, user=access_key, secret=secret_key))
    serve(folder, "proxy", public, wrap=Cache)
    print("ready", public.getsockname()[1], flush=True)
    hubs.trampoline(0, read=True)  # Whoever started it has gone, or says so.


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
