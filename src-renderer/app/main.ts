import { mount } from 'svelte';
import { z } from 'zod';
import '../theme/tokens.css';
import App from './App.svelte';

// the page's policy allows no code from text
z.config({ jitless: true });

const target = document.getElementById('app');
if (target) mount(App, { target });
