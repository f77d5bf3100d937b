// How resource.k8s.io/v1beta1 words what v1 says: requests and devices are flat where v1 has a field for each sort, and the other way round.

import type { KubeObject } from '../../api/object.ts';
import type { Conversions } from '../define.ts';
import type {
  DeviceClaim,
  DeviceRequest,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourceSlice,
} from '../generated/types/resource-v1.ts';
import type {
  DeviceClaim as OldClaim,
  DeviceRequest as OldRequest,
  ResourceSlice as OldSlice,
} from '../generated/types/resource-v1beta1.ts';

type Flat = Omit<OldRequest, 'name' | 'firstAvailable'>;

/** A request that asks for nothing by itself has no `exactly`. */
function requestToHub({ name, firstAvailable, ...asked }: OldRequest): DeviceRequest {
  const isAsked = Object.values(asked).some((value) => value !== undefined && value !== '' && value !== 0);
  return {
    name,
    ...(isAsked && { exactly: asked }),
    ...(firstAvailable && { firstAvailable }),
  } as DeviceRequest;
}

/** `deviceClassName` is always there. */
const requestFromHub = ({ name, exactly, firstAvailable }: DeviceRequest): OldRequest =>
  ({
    name,
    ...((exactly ?? { deviceClassName: '' }) as Flat),
    ...(firstAvailable && { firstAvailable }),
  }) as OldRequest;

function claimToHub(devices: OldClaim | undefined): void {
  if (devices?.requests) devices.requests = devices.requests.map(requestToHub) as unknown as OldRequest[];
}

function claimFromHub(devices: DeviceClaim | undefined): void {
  if (devices?.requests) devices.requests = devices.requests.map(requestFromHub) as unknown as DeviceRequest[];
}

function both<T extends KubeObject>(toHub: (draft: T) => void, fromHub: (draft: T) => void): Conversions {
  return {
    v1beta1: {
      toHub(draft) {
        toHub(draft as T);
        return draft;
      },
      fromHub(draft) {
        fromHub(draft as T);
        return draft;
      },
    },
  };
}

export const claimConversions = both<ResourceClaim>(
  ({ spec }) => claimToHub(spec?.devices as unknown as OldClaim),
  ({ spec }) => claimFromHub(spec?.devices),
);

export const claimTemplateConversions = both<ResourceClaimTemplate>(
  ({ spec }) => claimToHub(spec?.spec?.devices as unknown as OldClaim),
  ({ spec }) => claimFromHub(spec?.spec?.devices),
);

type Device = NonNullable<ResourceSlice['spec']['devices']>[number];
type OldDevice = NonNullable<OldSlice['spec']['devices']>[number];

/** A device's facts lie in `basic`; without one the device says nothing. */
const deviceToHub = ({ name, basic }: OldDevice): Device => ({ name, ...basic }) as Device;
const deviceFromHub = ({ name, ...basic }: Device): OldDevice => ({ name, basic }) as unknown as OldDevice;

export const sliceConversions = both<ResourceSlice>(
  ({ spec }) => {
    if (!spec) return;
    if (spec.devices) spec.devices = (spec.devices as unknown as OldDevice[]).map(deviceToHub);
    // Where v1 tells nothing from nought, v1beta1 does not.
    if (spec.nodeName === '') delete spec.nodeName;
    if (spec.allNodes === false) delete spec.allNodes;
  },
  ({ spec }) => {
    if (spec?.devices) spec.devices = spec.devices.map(deviceFromHub) as unknown as Device[];
  },
);
