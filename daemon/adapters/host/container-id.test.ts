import { expect, test } from 'vitest'
import { containerIdOf } from './container-id.ts'

const id = 'f'.repeat(64)
const other = 'a'.repeat(64)

test.each([
  ['Docker, cgroup v1', `12:pids:/docker/${id}\n1:name=systemd:/docker/${id}\n0::/\n`],
  ['Docker, cgroup v2, systemd', `0::/system.slice/docker-${id}.scope\n`],
  ['Docker, cgroup v2, below the container', `0::/system.slice/docker-${id}.scope/init\n`],
  ['rootless Docker', `0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${id}.scope\n`],
  ['Podman', `0::/machine.slice/libpod-${id}.scope/container\n`],
  ['rootless Podman', `0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope\n`],
  ['Kubernetes, containerd, systemd', `0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-${id}.scope\n`],
  ['Kubernetes, cgroupfs', `0::/kubepods/besteffort/pod0a1b2c3d/${id}\n`],
  ['CRI-O', `0::/kubepods.slice/crio-${id}.scope\n`],
  ['a container in a container', `0::/docker/${id}/docker/${other}\n`],
])('%s', (_, cgroup) => {
  expect(containerIdOf(cgroup)).toBe(id)
})

test.each([
  ['no container', '0::/user.slice/user-1000.slice/session-2.scope\n'],
  ['the monitor beside a Podman container', `0::/machine.slice/libpod-conmon-${id}.scope\n`],
  ['the monitor beside a CRI-O container', `0::/kubepods.slice/crio-conmon-${id}.scope\n`],
  ['something that only looks like an id', `0::/docker/${id.slice(1)}\n0::/docker/${id}0\n`],
  ['nothing', ''],
])('%s names no container', (_, cgroup) => {
  expect(containerIdOf(cgroup)).toBeNull()
})
