// The types of program.js, for the tools that use it.
export declare const inCheckout: boolean;
export declare const cacheFolder: string;
export declare function sourceStamp(): string;
export declare function programPath(): string;
