import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { batteryLife, type Activity } from '../../../src-main/predict/battery.ts';

const coin = { capacityMah: 220, volts: 3, efficiency: 0.9 };
const inference: Activity = {
  name: 'kws',
  energyUj: { value: 13_000, plusMinus: 1300 },
  durationUs: 150_000,
  perHour: 3600,
};

describe('battery life', () => {
  it('is mAh · V · η / P̄', () => {
    const life = orThrow(batteryLife(coin, [inference], { value: 100, plusMinus: 10 }));
    // 13 mJ each second = 13 mW, and 100 µW in the other 85 %: 13.085 mW of 594 mWh
    expect(life.meanPowerUw.value).toBeCloseTo(13_085, 6);
    expect(life.hours).toBeCloseTo(594 / 13.085, 6);
    // ± 1.3 mW and ± 8.5 µW, all on one side
    expect(life.lowHours).toBeCloseTo(594 / (13.085 + 1.3085), 6);
    expect(life.highHours).toBeCloseTo(594 / (13.085 - 1.3085), 6);
    expect(life.shares.map((s) => [s.name, Number(s.time.toFixed(3))])).toEqual([
      ['kws', 0.15],
      ['sleep', 0.85],
    ]);
    expect(life.shares.reduce((sum, s) => sum + s.energy, 0)).toBeCloseTo(1, 12);
  });

  it('an uncertainty above the value itself leaves the life without an upper end', () => {
    const vague = { ...inference, energyUj: { value: 10, plusMinus: 20 } };
    expect(orThrow(batteryLife(coin, [vague], { value: 0, plusMinus: 0 })).highHours).toBe(Infinity);
  });

  it('refuses what cannot be', () => {
    const often = { ...inference, perHour: 30_000 };
    expect(batteryLife(coin, [often], { value: 1, plusMinus: 0 })).toMatchObject({
      id: 'predict.duty-cycle',
    });
    for (const bad of [{ capacityMah: 0 }, { volts: -1 }, { efficiency: 1.2 }, { capacityMah: NaN }])
      expect(batteryLife({ ...coin, ...bad }, [inference], { value: 1, plusMinus: 0 })).toMatchObject({
        id: 'predict.battery-input',
      });
    expect(batteryLife(coin, [], { value: 0, plusMinus: 0 })).toMatchObject({ id: 'predict.battery-input' });
  });
});
