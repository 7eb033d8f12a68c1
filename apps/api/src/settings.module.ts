import { Module, type DynamicModule } from '@nestjs/common';
import { API_SETTINGS, type ApiSettings } from './settings.js';

@Module({})
export class SettingsModule {
  static forRoot(settings: ApiSettings): DynamicModule {
    const provider = { provide: API_SETTINGS, useValue: settings };
    return { module: SettingsModule, global: true, providers: [provider], exports: [provider] };
  }
}
